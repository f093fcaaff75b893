import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isElf } from '../formats/elf.ts';
import { readRange } from '../formats/folder-tree.ts';
import { KilnError } from '../model/error.ts';
import { draftOfBinary } from './init-spec-binary.ts';
import type { Draft, DraftContext } from './init-spec-draft.ts';
import { draftOfNode } from './init-spec-node.ts';
import { draftOfPython, isPython } from './init-spec-python.ts';

/** A folder with an application of the user's own: Node, Python, or one binary. Throws USAGE where none is seen. */
export async function draftOfFolder(context: DraftContext, folder: string): Promise<Draft> {
  if (existsSync(join(folder, 'package.json'))) return draftOfNode(folder);
  if (isPython(folder)) return draftOfPython(context, folder);
  const binaries = binariesIn(folder);
  if (binaries.length === 1) return draftOfBinary(context, join(folder, binaries[0]!), folder);
  throw new KilnError('USAGE', `${folder} holds no application that Kiln knows`, {
    hint:
      binaries.length > 1
        ? `name the binary to run: ${binaries.join(', ')}`
        : 'it looks for package.json, Python modules, or one binary',
  });
}

function binariesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((it) => it.isFile() && isElf(readRange(join(folder, it.name), 0, 64)))
    .map((it) => it.name)
    .sort();
}
