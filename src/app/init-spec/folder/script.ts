import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { perlImports } from '../../../formats/language/perl-imports.ts';
import { parseInterpreterLine } from '../../../formats/shell/interpreter-line.ts';
import { readRange } from '../../../formats/tree/folder-tree.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import { answersOn, listeningEnvironment, portOf } from '../draft/web-server.ts';

const INTO = '/opt/app';
const LINE = 256;

/** Whether a file begins with `#!`. */
export function isScript(path: string): boolean {
  return parseInterpreterLine(readRange(path, 0, LINE).toString('latin1')) !== undefined;
}

/** A script that the kernel can start, alone or in `folder`. Its interpreter becomes a root when the image is resolved. */
export function draftOfScript({ archive }: DraftContext, path: string, folder?: string): Draft {
  const line = parseInterpreterLine(readRange(path, 0, LINE).toString('latin1'));
  if (!line) throw new Error(`internal: ${path} is no script`);
  const inside = folder === undefined ? basename(path) : relative(folder, path);
  const interpreter = basename(line.looksUp ?? line.interpreter);
  const text = readFileSync(path, 'utf8');
  const heard = portsIn([text]);
  const answer = answersOn(portOf(heard), heard);
  return {
    name: nameFrom((folder ?? path).replace(/\.\w{1,4}$/, '')),
    description: `a script for ${interpreter}`,
    packages: modulePackages(interpreter, text, (name) => archive.universe.candidate(name) !== undefined),
    from: { path: folder ?? path, into: INTO },
    run: {
      command: [`${INTO}/${inside}`],
      workingDirectory: INTO,
      user: 'www-data',
      environment: listeningEnvironment(heard, portOf(heard)),
    },
    ...answer,
    notes: [
      ...(/^(ba|da|k|z)?sh$/.test(interpreter)
        ? []
        : [`See whether every module that ${interpreter} loads from a package is named under \`packages\`.`]),
      ...answer.notes,
    ],
  };
}

/** Packages of a script's modules by Debian's naming: `Foo::Bar` in libfoo-bar-perl or libfoo-perl, `foo/bar` in ruby-foo, `foo.bar` in lua-foo. */
function modulePackages(interpreter: string, text: string, isThere: (name: string) => boolean): string[] {
  const found = namesOf(interpreter, text).flatMap((parts) => {
    const stems = parts.map((_, index) =>
      parts
        .slice(0, parts.length - index)
        .join('-')
        .toLowerCase()
        .replaceAll('_', '-'),
    );
    return stems.map((it) => packageNamed(interpreter, it)).find(isThere) ?? [];
  });
  return [...new Set(found)].sort();
}

function packageNamed(interpreter: string, stem: string): string {
  if (interpreter.startsWith('perl')) return `lib${stem}-perl`;
  return `${interpreter.startsWith('lua') ? 'lua' : 'ruby'}-${stem}`;
}

function namesOf(interpreter: string, text: string): string[][] {
  if (/^lua/.test(interpreter))
    return [...text.matchAll(/\brequire\s*\(?\s*["']([\w.]+)/g)].map((it) => it[1]!.split('.'));
  if (interpreter.startsWith('perl')) return perlImports(text).modules.map((it) => it.name.split('::'));
  if (!interpreter.startsWith('ruby')) return [];
  return [...text.matchAll(/^\s*require\s+["']([\w/-]+)["']/gm)].map((it) => it[1]!.split('/'));
}
