import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../model/canonical.ts';
import type { FileTree } from '../model/file-tree.ts';
import { syncFolder } from './copy-tree.ts';
import { runDpkg } from './dpkg.ts';
import { debName, layDebs } from './lay-debs.ts';
import type { LockedControl } from './locked-set.ts';
import { ownersOf } from './owners.ts';
import type { StagePorts } from './stage.ts';
import { unpackTree } from './unpack-tree.ts';
import { walkFolder } from './walk-folder.ts';

/** Changes when the same packages would give another base. */
const RECIPE = 1;

export interface BaseRequest {
  readonly packages: readonly LockedControl[];
  readonly debs: ReadonlyMap<string, string>;
  readonly work: string;
  readonly cache: string;
  readonly stubs: string;
  readonly sourceDateEpoch: number;
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
  if (!existsSync(folder)) {
    ports.progress.note(`configuring the base: ${request.packages.length} packages, once for these versions`);
    const unfinished = join(request.work, 'base');
    await rm(unfinished, { recursive: true, force: true });
    await bootstrap(request, ports, join(unfinished, 'root'));
    await writeFile(join(unfinished, 'made.json'), JSON.stringify(await madePaths(join(unfinished, 'root'))));
    await syncFolder(unfinished, request.signal);
    await moveInto(unfinished, folder, request.cache);
  }
  const made = JSON.parse(await readFile(join(folder, 'made.json'), 'utf8')) as string[];
  return { root: join(folder, 'root'), made: new Set(made) };
}

function keyOf({ packages, sourceDateEpoch }: BaseRequest): string {
  return digestOf({ recipe: RECIPE, packages: packages.map(({ deb }) => deb.sha256), sourceDateEpoch });
}

async function moveInto(unfinished: string, folder: string, cache: string): Promise<void> {
  await mkdir(join(cache, 'bases'), { recursive: true, mode: 0o700 });
  await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(unfinished, { recursive: true, force: true });
}

/**
 * dpkg cannot run before it is there: the files are laid out first, as far as scripts need them, then dpkg unpacks and
 * configures every package properly over them.
 */
async function bootstrap(request: BaseRequest, ports: StagePorts, root: string): Promise<void> {
  await makeLayout(root);
  for (const { deb } of request.packages) unpackTree(withoutManuals((await ports.source.open(deb)).data), root);
  const debs = await layDebs(request.packages, request.debs, join(request.work, 'base-debs'), ports.source);
  const common = { root, debs, stubs: request.stubs, sourceDateEpoch: request.sourceDateEpoch, signal: request.signal };
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

async function madePaths(root: string): Promise<string[]> {
  const owners = ownersOf(root);
  return walkFolder(root)
    .map((entry) => entry.path)
    .filter((path) => !owners.has(path));
}
