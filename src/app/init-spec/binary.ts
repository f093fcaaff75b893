import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { promisify } from 'node:util';
import { elfFacts } from '../../formats/elf.ts';
import { KilnError } from '../../model/error.ts';
import type { Universe } from '../../resolver/universe.ts';
import { type Draft, type DraftContext, nameFrom } from './draft.ts';

const INTO = '/opt/app';
const X86_64 = 62;

/** A binary, alone or in `folder`: the packages of the libraries that it needs. Throws USAGE for one of another machine. */
export async function draftOfBinary({ archive }: DraftContext, path: string, folder?: string): Promise<Draft> {
  const facts = elfFacts(readFileSync(path));
  if (!facts || facts.machine !== X86_64) {
    throw new KilnError('USAGE', `${path} is not a program for x86-64`, { hint: 'build it for linux/amd64' });
  }
  const own = folder === undefined ? new Set<string>() : namesBelow(folder);
  const needed = facts.needed.filter((soname) => !own.has(soname));
  const owners = await Promise.all(needed.map((soname) => packageOf(archive.universe, soname)));
  const packages = [...new Set(owners.filter((it) => it !== undefined))].sort();
  const unknown = needed.filter((_, index) => owners[index] === undefined);
  const inside = relative(folder ?? path.replace(/[^/]+$/, ''), path);
  return {
    name: nameFrom(folder ?? path),
    description: facts.needed.length === 0 ? 'a static binary' : 'a binary and the libraries that it needs',
    packages,
    from: { path: folder ?? path, into: INTO },
    run: { command: [`${INTO}/${inside}`] },
    ports: [],
    http: false,
    notes: [
      ...(unknown.length > 0 ? [`No package was found for ${unknown.join(', ')}: add it to packages.`] : []),
      'The console of the first build says what it listens on. Add `ports`, and a test that asks one.',
    ],
  };
}

function namesBelow(folder: string): Set<string> {
  return new Set(readdirSync(folder, { recursive: true, withFileTypes: true }).map((it) => it.name));
}

/** The package with a shared library: the one that this machine has it from, else the one that Debian's naming gives (Policy §8.1). */
async function packageOf(universe: Universe, soname: string): Promise<string | undefined> {
  const candidates = [...(await installedOwners(soname)), ...namesFor(soname)];
  return candidates.find((it) => universe.candidate(it));
}

async function installedOwners(soname: string): Promise<string[]> {
  const query = promisify(execFile)('dpkg-query', ['--search', `*/x86_64-linux-gnu/${soname}`]);
  const { stdout } = await query.catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .filter((line) => line.includes(': /'))
    .map((line) => line.split(/[:,]/)[0]!);
}

/** `libssl.so.3` → `libssl3`; `libpcre2-8.so.0` → `libpcre2-8-0`. */
function namesFor(soname: string): string[] {
  const match = /^(.+?)(?:-([\d.]+))?\.so(?:\.(\w[\w.]*))?$/.exec(soname);
  if (!match) return [];
  const [, stem, inner, outer] = match;
  const name = `${stem}${inner === undefined ? '' : `-${inner}`}`.toLowerCase().replaceAll('_', '-');
  const version = outer ?? '';
  const joined = /\d$/.test(name) && version !== '' ? `${name}-${version}` : `${name}${version}`;
  return [joined, `${joined}t64`, `${joined}g`];
}
