import { basename, relative } from 'node:path';
import { readRange } from '../formats/folder-tree.ts';
import { parseInterpreterLine } from '../formats/interpreter-line.ts';
import { type Draft, nameFrom } from './init-spec-draft.ts';

const INTO = '/opt/app';
const LINE = 256;

/** Whether a file begins with `#!`. */
export function isScript(path: string): boolean {
  return parseInterpreterLine(readRange(path, 0, LINE).toString('latin1')) !== undefined;
}

/** A script that the kernel can start, alone or in `folder`. Its interpreter becomes a root when the image is resolved. */
export function draftOfScript(path: string, folder?: string): Draft {
  const line = parseInterpreterLine(readRange(path, 0, LINE).toString('latin1'));
  if (!line) throw new Error(`internal: ${path} is no script`);
  const inside = folder === undefined ? basename(path) : relative(folder, path);
  const interpreter = basename(line.looksUp ?? line.interpreter);
  return {
    name: nameFrom((folder ?? path).replace(/\.\w{1,4}$/, '')),
    description: `a script for ${interpreter}`,
    packages: [],
    from: { path: folder ?? path, into: INTO },
    run: { command: [`${INTO}/${inside}`], workingDirectory: INTO, user: 'www-data' },
    ports: [],
    http: false,
    notes: [
      `Modules that ${interpreter} loads from packages have to be named under \`packages\`.`,
      'The console of the first build says what it listens on. Add `ports`, and a test that asks one.',
    ],
  };
}
