import { existsSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../model/canonical.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { IsolatedRoot } from '../../ports/isolated-root.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import type { Progress } from '../../ports/progress.ts';
import { copyTree, syncFolder } from '../tree/copy-tree.ts';
import { ownersOf } from '../tree/owners.ts';
import { unpackTree } from '../tree/unpack-tree.ts';
import { walkFolder } from '../tree/walk-folder.ts';
import { runDpkg } from './dpkg.ts';
import { debName, layDebs } from './lay-debs.ts';
import type { LockedControl } from './locked-set.ts';

/** Changes when the same packages would give another base. */
const RECIPE = 1;
const MADE = 'made.json';
/** Stands for "now" while a base is configured; what keeps it is given the lock's date later. */
const BASE_EPOCH = 946_684_800;

export interface StagePorts {
  readonly isolation: IsolatedRoot;
  readonly source: Pick<PackageSource, 'open'>;
  readonly progress: Progress;
}

export interface BaseRequest {
  readonly packages: readonly LockedControl[];
  readonly debs: ReadonlyMap<string, string>;
  readonly work: string;
  readonly cache: string;
  readonly stubs: string;
  readonly signal?: AbortSignal;
}

export interface ConfiguredBase {
  readonly root: string;
  /** Paths in it that belong to no package. */
  readonly made: ReadonlySet<string>;
}

/**
 * The root with the base packages configured, made once for a list of them and kept in `cache`; whoever takes it copies
 * it. Several processes may make it at once; one wins, the others take what it made.
 */
export async function configuredBase(request: BaseRequest, ports: StagePorts): Promise<ConfiguredBase> {
  const folder = join(request.cache, 'bases', keyOf(request).slice(0, 32));
  const kept = await readMade(folder);
  if (kept) await utimes(folder, new Date(), new Date());
  if (kept) return { root: join(folder, 'root'), made: new Set(kept) };
  ports.progress.note(`configuring the base: ${request.packages.length} packages, once for these versions`);
  const unfinished = join(request.work, 'base');
  await rm(unfinished, { recursive: true, force: true });
  await bootstrap(request, ports, join(unfinished, 'root'));
  const made = madePaths(join(unfinished, 'root'));
  await writeFile(join(unfinished, MADE), JSON.stringify(made));
  await syncFolder(unfinished, request.signal);
  await moveInto(unfinished, folder, request.cache);
  return { root: join(folder, 'root'), made: new Set(made) };
}

/** Written last: a folder without it, or with half of it, is no base and goes. */
async function readMade(folder: string): Promise<string[] | undefined> {
  if (!existsSync(folder)) return undefined;
  try {
    return JSON.parse(await readFile(join(folder, MADE), 'utf8')) as string[];
  } catch {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** The lock's date is not in it: a day with an update that changes no base package must not cost a new base. */
function keyOf({ packages }: BaseRequest): string {
  return digestOf({ recipe: RECIPE, packages: packages.map(({ deb }) => deb.sha256) });
}

async function moveInto(unfinished: string, folder: string, cache: string): Promise<void> {
  await mkdir(join(cache, 'bases'), { recursive: true, mode: 0o700 });
  await rename(unfinished, folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EXDEV') await moveAcross(unfinished, folder);
    else if (!isThere(error)) throw error;
  });
  await rm(unfinished, { recursive: true, force: true });
}

/** The cache may be on another file system than the work. */
async function moveAcross(unfinished: string, folder: string): Promise<void> {
  const near = await mkdtemp(`${folder}.unfinished-`);
  try {
    await copyTree(unfinished, join(near, 'base'));
    await syncFolder(near);
    await rename(join(near, 'base'), folder).catch((error: NodeJS.ErrnoException) => {
      if (!isThere(error)) throw error;
    });
  } finally {
    await rm(near, { recursive: true, force: true });
  }
}

/** Another process made the same meanwhile. */
function isThere({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

/**
 * dpkg cannot run before it is there: the files are laid out first, as far as scripts need them, then dpkg unpacks and
 * configures every package properly over them.
 */
async function bootstrap(request: BaseRequest, ports: StagePorts, root: string): Promise<void> {
  await makeLayout(root);
  for (const { deb } of request.packages) unpackTree(withoutManuals((await ports.source.open(deb)).data), root);
  const debs = await layDebs(request.packages, request.debs, join(request.work, 'base-debs'), ports.source);
  const common = { root, debs, stubs: request.stubs, sourceDateEpoch: BASE_EPOCH, signal: request.signal };
  const names = request.packages.map(debName).sort((a, b) => rank(a) - rank(b));
  await runDpkg({ ...common, phases: [names], unpackOnly: true }, ports, 'unpack the base');
  await runDpkg({ ...common, phases: [[]] }, ports, 'configure the base');
}

/** Users first: other packages' files belong to them. */
const FIRST = ['base-passwd.deb', 'base-files.deb'];
const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

async function makeLayout(root: string): Promise<void> {
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const name of ['info', 'updates', 'triggers', 'parts', 'alternatives']) {
    await mkdir(join(root, 'var/lib/dpkg', name), { recursive: true });
  }
  for (const name of ['status', 'available']) await writeFile(join(root, 'var/lib/dpkg', name), '');
  for (const name of ['etc', 'tmp', 'run']) await mkdir(join(root, name), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
}

function withoutManuals(tree: FileTree): FileTree {
  return {
    ...tree,
    entries: () => [...tree.entries()].filter((it) => !/^\/usr\/share\/(?:doc|info|locale|man)\//.test(it.path)),
  };
}

function madePaths(root: string): string[] {
  const owners = ownersOf(root);
  return walkFolder(root)
    .map((entry) => entry.path)
    .filter((path) => !owners.has(path));
}

/** Removes the bases in `cache` that nobody used since a moment (milliseconds since the epoch). */
export async function sweepBases(cache: string, since: number): Promise<void> {
  const bases = join(cache, 'bases');
  for (const name of await readdir(bases).catch(() => [])) {
    const folder = join(bases, name);
    if ((await stat(folder)).mtimeMs < since) await rm(folder, { recursive: true, force: true });
  }
}
