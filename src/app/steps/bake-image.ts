import { rm } from 'node:fs/promises';
import manifest from '../../../package.json' with { type: 'json' };
import { assembleDisk } from '../../baker/disk/assemble.ts';
import { allEnded, prepareBoot } from '../../baker/disk/boot-parts.ts';
import { makeRootTree } from '../../baker/root-tree.ts';
import { runtimeFiles } from '../../baker/runtime/runtime-files.ts';
import { sourceDateEpoch } from '../../baker/tree/epoch.ts';
import type { RootFacts } from '../../baker/types.ts';
import type { Build } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { type Lock, lock as lockSchema } from '../../model/lock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { recipeOf } from '../lock/recipe.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

/** Changes when the same lock and spec may give other bytes. */
const recipe = recipeOf(['baker', 'formats']);

/** What baking made, by digest, with what summaries say of it. */
export interface Baked {
  readonly treeDigest: string;
  readonly diskDigest: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** The machine image, where the baker made that as well. */
  readonly made?: string;
}

export interface BakeAnswer extends StepAnswer, Baked {}

type BakePorts = Pick<
  Ports,
  'catalog' | 'clock' | 'specs' | 'source' | 'store' | 'isolation' | 'progress' | 'folders' | 'signal'
>;

/** Bakes the build's lock into a root tree and a disk, or takes those that an earlier build made of the same. */
export async function bakeImage(ports: BakePorts, request: StepRequest): Promise<BakeAnswer> {
  return recorded(ports, request.buildId, 'bake', async () => {
    const loaded = await ports.specs.load(request.image);
    const lock = await readLock(ports, request);
    const key = `bake:${digestOf({ recipe: recipe(), kiln: manifest.version, lock: lock.digest, spec: loaded.digest })}`;
    const known = (await ports.catalog.getDocument(key)) as Baked | undefined;
    if (known && (await ports.store.has(known.diskDigest)) && (await ports.store.has(known.treeDigest))) {
      return { ...known, outcome: 'reused', detail: 'baked before from the same lock and spec' };
    }
    const baked = await bake(ports, loaded, lock, request.buildId);
    await ports.catalog.putDocument(key, baked);
    return { ...baked, outcome: 'succeeded', detail: `disk ${baked.diskDigest.slice(0, 12)}` };
  });
}

/** The lock that this build resolved. Throws LOCK_CORRUPT when it does not have the form of one. */
export async function readLock(ports: Pick<Ports, 'catalog' | 'store'>, request: StepRequest): Promise<Lock> {
  return lockOf(ports, await requireBuild(ports.catalog, request.buildId));
}

/** The same of a build that was read already. */
export async function lockOf({ store }: Pick<Ports, 'store'>, build: Build): Promise<Lock> {
  const { lockDigest } = resultIn<{ lockDigest: string }>(build, 'resolve');
  const parsed = lockSchema.safeParse(JSON.parse((await store.read(lockDigest)).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new KilnError('LOCK_CORRUPT', `the lock of build ${build.id} does not have the form of a lock`, {
    hint: 'resolve again',
  });
}

async function bake(ports: BakePorts, { spec, directory }: LoadedSpec, lock: Lock, buildId: string): Promise<Baked> {
  const { store, folders, signal } = ports;
  const debs = await fetchDebs(ports, spec, lock);
  folders.sweep();
  const work = folders.claim(buildId);
  try {
    const common = { spec, lock, debs, work, cache: folders.cache, signal };
    let notHonoured: readonly string[] = [];
    const runtime = async (root: RootFacts) => {
      const made = runtimeFiles({ ...common, ...root });
      notHonoured = made.notHonoured;
      return made.files;
    };
    const [tree, boot] = await allEnded([
      makeRootTree({ ...common, specDirectory: directory, runtime }, ports),
      prepareBoot(common, ports.source),
    ]);
    if (notHonoured.length > 0) {
      ports.progress.note(
        `settings of the unit that this init does not honour: ${notHonoured.length}; kiln show tells them`,
      );
    }
    const request = {
      ...common,
      boot,
      root: tree.root,
      treeDigest: tree.treeDigest,
      sourceDateEpoch: sourceDateEpoch(lock),
    };
    const disk = await assembleDisk(request, ports);
    await store.put({ path: tree.tarPath });
    const diskDigest = await store.put({ path: disk.diskPath });
    return {
      treeDigest: tree.treeDigest,
      diskDigest,
      facts: { ...disk.parts, tree: tree.report, identities: tree.identities, notHonoured },
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchDebs(
  { source, progress }: BakePorts,
  { os }: LoadedSpec['spec'],
  lock: Lock,
): Promise<Map<string, string>> {
  const wanted = [...lock.packages, ...lock.build.base, ...lock.build.tools];
  const distinct = [...new Map(wanted.map((it) => [it.sha256, it])).values()];
  return source.fetch(distinct, () => source.indexes(os, progress), progress);
}
