import { imageSpec } from '../../../model/spec.ts';
import type { CommandLine } from '../draft/command-line.ts';
import type { Draft, DraftContext } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';
import type { Declared } from './declaration.ts';

const INTO = '/opt/app';
/** Where a shell of an image looks (environ(7), PATH). */
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];
/** Interpreters: which package has them is known otherwise. */
const INTERPRETER = /^\/(usr\/)?bin\/(node|python3|ruby|perl|php|java|(ba|da)?sh)$/;
/** Programs that run an application, each of the package of its name. */
const SERVES_OTHERS = /^(gunicorn|uvicorn|hypercorn|daphne|puma|starman|twiggy)$/;

/** A program that a folder's files say to start. */
export interface Program {
  readonly path: string;
  /** Of the archive that has it. */
  readonly package?: string;
  /** The folder's files install it: it is a server in itself, and not what only runs an application. */
  readonly isServer: boolean;
}

/** The program of a command: one of the folder's own files, what a draft's packages start, or a package's; undefined where nobody has it. */
export async function programOf(
  { ports, archive }: DraftContext,
  project: Project,
  declared: Declared,
  { argv: [path = ''] }: CommandLine,
  base: Draft,
): Promise<Program | undefined> {
  const own = ownProgram(project, declared, path);
  if (own !== undefined) return { path: own, isServer: false };
  if (path.startsWith(`${declared.into ?? INTO}/`)) return undefined;
  if (INTERPRETER.test(path)) return { path, isServer: false };
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isInstalled = (it: string) => declared.packages?.includes(it) ?? false;
  const isCandidate = path === `/usr/bin/${name}` && archive.universe.candidate(name) !== undefined;
  if (isCandidate && SERVES_OTHERS.test(name)) return { path, package: name, isServer: false };
  const places = path === `/usr/bin/${name}` ? FOLDERS.slice(2).map((it) => `${it}/${name}`) : [path];
  const owners = await ports.source.owners(imageSpec.shape.os.parse({}), places, ports.progress);
  const place = places.find((it) => owners.has(it));
  const known = owners.get(place ?? '')?.filter((it) => archive.universe.candidate(it)) ?? [];
  const found = known.find(isInstalled) ?? known[0];
  if (place !== undefined && found !== undefined) return { path: place, package: found, isServer: isInstalled(found) };
  if (isCandidate) return { path, package: name, isServer: isInstalled(name) };
  // What lies beside the interpreter that runs the draft, such as a tool of its own.
  return base.packages.length > 0 && path === `/usr/bin/${name}` ? { path, isServer: false } : undefined;
}

/** A file of the folder: below its place, or where a Dockerfile lays it. */
function ownProgram(
  project: Project,
  { into = INTO, from = '', files = [] }: Declared,
  path: string,
): string | undefined {
  const inside = path.startsWith(`${into}/`) ? path.slice(into.length + 1) : undefined;
  if (inside !== undefined && project.has(from === '' ? inside : `${from}/${inside}`)) return path;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const places = path === `/usr/bin/${name}` ? FOLDERS.map((it) => `${it}/${name}`) : [path];
  return places.find((place) => files.some((it) => it.path === place || isBelow(project, it, place)));
}

function isBelow(
  project: Project,
  { path, source = '' }: NonNullable<Declared['files']>[number],
  place: string,
): boolean {
  const folder = source.slice(project.folder.length + 1);
  return place.startsWith(`${path}/`) && project.has(`${folder}/${place.slice(path.length + 1)}`);
}
