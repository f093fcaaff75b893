import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { promisify } from 'node:util';
import { elfFacts } from '../../../formats/elf/elf.ts';
import { KilnError } from '../../../model/error.ts';
import type { Universe } from '../../../resolver/universe/universe.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import { isBinaryFile, isExecutableFile, type Project } from '../draft/project.ts';
import { answersOn, listeningEnvironment, portOf } from '../draft/web-server.ts';

const INTO = '/opt/app';
const X86_64 = 62;
/** Folders of a build's results: what lies around them is no part of the application. */
const MADE = /^(target\/release|build|out|cmake-build-release|zig-out\/bin)\//;
const PLACES = /^((bin|dist|target\/release|build|out|cmake-build-release|zig-out\/bin)\/)?[^/]+$/;
const SOURCE = /\.(go|rs|c|cc|cpp|cxx|h|hpp|zig|cs|toml|ya?ml|json|ini|conf|env|cfg|properties)$/;

/** Programs of a folder, or the one of them that has its name. */
export function binariesIn(project: Project): string[] {
  const programs = project.files.filter(
    (it) =>
      PLACES.test(it) &&
      !/\.(so(\.[\d.]+)?|o|a|node)$/.test(it) &&
      isExecutableFile(project, it) &&
      isBinaryFile(project, it),
  );
  const names = [basename(project.folder), /^name\s*=\s*"([^"]+)"/m.exec(project.text('Cargo.toml') ?? '')?.[1]];
  // A release's folder is often called after its program, with version and machine behind it.
  const isNamed = (program: string) =>
    names.some((it) => it === program || it?.startsWith(`${program}-`) || it?.startsWith(`${program}_`));
  const named = programs.filter((it) => isNamed(basename(it)));
  return named.length === 1 ? named : programs;
}

/** A binary, alone or in a folder: the packages of the libraries that it needs. Throws USAGE for one of another machine. */
export async function draftOfBinary({ archive }: DraftContext, path: string, project?: Project): Promise<Draft> {
  const facts = elfFacts(readFileSync(path));
  if (!facts || facts.machine !== X86_64) {
    throw new KilnError('USAGE', `${path} is not a program for x86-64`, { hint: 'build it for linux/amd64' });
  }
  const own = project === undefined ? new Set<string>() : namesBelow(project.folder);
  const needed = facts.needed.filter((soname) => !own.has(soname));
  const owners = await Promise.all(needed.map((soname) => packageOf(archive.universe, soname)));
  const unknown = needed.filter((_, index) => owners[index] === undefined);
  const inside = project === undefined ? basename(path) : relative(project.folder, path);
  const isAlone = project === undefined || MADE.test(inside);
  const heard = portsIn(project === undefined ? [] : sourcesOf(project));
  const answer = answersOn(portOf(heard), heard);
  const environment = listeningEnvironment(heard, portOf(heard));
  return {
    name: nameFrom(project?.folder ?? path),
    description: facts.needed.length === 0 ? 'a static binary' : 'a binary and the libraries that it needs',
    packages: [...new Set(owners.filter((it) => it !== undefined))].sort(),
    from: { path: isAlone ? path : project!.folder, into: INTO },
    run: {
      command: [`${INTO}/${isAlone ? basename(path) : inside}`],
      workingDirectory: INTO,
      // Where it listens is not always known, and only root may listen on every port that the spec does not name.
      ...(portOf(heard) === undefined ? {} : { user: 'www-data' }),
      environment,
    },
    ...answer,
    notes: [
      ...(unknown.length > 0 ? [`No package was found for ${unknown.join(', ')}: add it to packages.`] : []),
      ...(project !== undefined && isAlone ? [`Only ${inside} goes in: put what it reads under \`files\`.`] : []),
      ...answer.notes,
    ],
  };
}

function sourcesOf(project: Project): string[] {
  return project.files
    .filter((it) => SOURCE.test(it) || /(^|\/)Makefile$/.test(it))
    .map((it) => project.text(it) ?? '');
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
