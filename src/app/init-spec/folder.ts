import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isElf } from '../../formats/elf.ts';
import { readRange } from '../../formats/folder-tree.ts';
import { KilnError } from '../../model/error.ts';
import { draftOfBinary } from './binary.ts';
import type { Draft, DraftContext } from './draft.ts';
import { draftOfJar } from './java.ts';
import { draftOfNode } from './node.ts';
import { draftOfPython, isPython } from './python.ts';
import { draftOfScript, isScript } from './script.ts';

/** A folder with an application of the user's own: Node, Python, one binary, .jar or script. Throws USAGE where none is seen. */
export async function draftOfFolder(context: DraftContext, folder: string): Promise<Draft> {
  if (existsSync(join(folder, 'package.json'))) return draftOfNode(folder);
  if (isPython(folder)) return draftOfPython(context, folder);
  const programs = programsIn(folder);
  const kinds = [
    { found: programs.filter(isBinary), draft: (path: string) => draftOfBinary(context, path, folder) },
    { found: programs.filter((it) => it.endsWith('.jar')), draft: (path: string) => draftOfJar(path, folder) },
    { found: programs.filter(isScript), draft: (path: string) => draftOfScript(context, path, folder) },
  ];
  const kind = kinds.find(({ found }) => found.length > 0);
  if (kind?.found.length === 1) return kind.draft(kind.found[0]!);
  throw new KilnError('USAGE', `${folder} holds no application that Kiln knows`, {
    hint: kind
      ? `name the one to run: ${kind.found.map((it) => basename(it)).join(', ')}`
      : 'it looks for package.json, Python modules, or one binary, .jar or script',
  });
}

function programsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => join(folder, it.name))
    .sort();
}

function isBinary(path: string): boolean {
  return isElf(readRange(path, 0, 64));
}
