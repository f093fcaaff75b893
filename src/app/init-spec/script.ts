import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { readRange } from '../../formats/folder-tree.ts';
import { parseInterpreterLine } from '../../formats/interpreter-line.ts';
import { perlImports } from '../../formats/perl-imports.ts';
import { type Draft, type DraftContext, nameFrom } from './draft.ts';

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
  const port = portStated(text);
  return {
    name: nameFrom((folder ?? path).replace(/\.\w{1,4}$/, '')),
    description: `a script for ${interpreter}`,
    packages: modulePackages(interpreter, text, (name) => archive.universe.candidate(name) !== undefined),
    from: { path: folder ?? path, into: INTO },
    run: { command: [`${INTO}/${inside}`], workingDirectory: INTO, user: 'www-data' },
    ports: port === undefined ? [] : [port],
    http: false,
    notes: [
      `See whether every module that ${interpreter} loads from a package is named under \`packages\`.`,
      port === undefined
        ? 'The console of the first build says what it listens on. Add `ports`, and a test that asks one.'
        : 'The port was read from the script; see whether it is the one that it serves.',
    ],
  };
}

/** `set :port, 4567`, `port => 8080`, `http://*:3000`, `listen(8080`. */
function portStated(text: string): number | undefined {
  const code = text.replace(/^\s*#.*$/gm, '');
  const found =
    /\bport["']?\s*(?:=>|[=:,])\s*["']?(\d{2,5})\b/i.exec(code) ??
    /:\/\/(?:\*|0\.0\.0\.0|\[::\]):(\d{2,5})\b/.exec(code) ??
    /\blisten\w*\(\s*["']?(?:[\w.*:]*:)?(\d{2,5})\b/i.exec(code);
  const port = Number(found?.[1]);
  return port > 0 && port < 65_536 ? port : undefined;
}

/** Packages of a script's modules by Debian's naming: `Foo::Bar` in libfoo-bar-perl or libfoo-perl, `foo/bar` in ruby-foo. */
function modulePackages(interpreter: string, text: string, isThere: (name: string) => boolean): string[] {
  const found = namesOf(interpreter, text).flatMap((parts) => {
    const stems = parts.map((_, index) =>
      parts
        .slice(0, parts.length - index)
        .join('-')
        .toLowerCase()
        .replaceAll('_', '-'),
    );
    return stems.map((it) => (interpreter.startsWith('ruby') ? `ruby-${it}` : `lib${it}-perl`)).find(isThere) ?? [];
  });
  return [...new Set(found)].sort();
}

function namesOf(interpreter: string, text: string): string[][] {
  if (interpreter.startsWith('perl')) return perlImports(text).modules.map((it) => it.name.split('::'));
  if (!interpreter.startsWith('ruby')) return [];
  return [...text.matchAll(/^\s*require\s+["']([\w/-]+)["']/gm)].map((it) => it[1]!.split('/'));
}
