import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearestWords } from '../../formats/text/nearest.ts';
import { LARGEST_SOURCE } from '../../formats/text/yaml-source.ts';
import { KilnError } from '../../model/error.ts';

/** Reads a small file that a person wrote. Throws NOT_FOUND with the nearest names beside it, or `tooLarge` past 1 MiB. */
export async function readSourceFile(path: string, tooLarge: 'SPEC_INVALID' | 'CONFIG_INVALID'): Promise<Buffer> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new KilnError('NOT_FOUND', `no file ${path}`, { hint: namesBeside(path) });
  if (!found.isFile()) throw new KilnError('NOT_FOUND', `${path} is not a file`, { hint: 'name a YAML file' });
  if (found.size > LARGEST_SOURCE) {
    const limit = `${LARGEST_SOURCE >> 10} KiB`;
    throw new KilnError(tooLarge, `${path} has ${found.size} bytes`, { hint: `such a file has at most ${limit}` });
  }
  return readFile(path).catch((cause) => {
    throw new KilnError('NOT_FOUND', `cannot read ${path}: ${cause.code}`, { hint: 'look at its permissions', cause });
  });
}

function namesBeside(path: string): string {
  const folder = dirname(path);
  const names = listFolder(folder);
  if (!names) return `there is no folder ${folder} either`;
  const near = nearestWords(names, basename(path));
  if (near.length > 0) return `did you mean ${near.map((it) => join(folder, it)).join(' or ')}?`;
  return 'kiln init PATH drafts a spec from an application';
}

function listFolder(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}
