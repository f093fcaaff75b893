import { memoryTree } from '../formats/memory-tree.ts';
import { openTarTree } from '../formats/tar-tree.ts';
import type { ImageVersion } from '../model/build.ts';
import type { Inventory } from '../model/inventory.ts';
import { lock as lockSchema } from '../model/lock.ts';
import type { Ports } from '../ports/ports.ts';
import { gatherEvidence } from '../resolver/evidence/gather.ts';
import { readInventory } from '../validator/inventory.ts';
import { ownedTree } from '../validator/owned-tree.ts';
import { startsOf } from './find-evidence.ts';

/** The facts of a baked version that policies judge, read from its tree. */
export async function inspectImage(
  { specs, source, store, progress }: Pick<Ports, 'specs' | 'source' | 'store' | 'progress'>,
  version: ImageVersion,
): Promise<Inventory> {
  const { spec } = await specs.load(version.image);
  const lock = lockSchema.parse(JSON.parse((await store.read(version.lockDigest)).toString('utf8')));
  await source.fetch(lock.packages, () => source.indexes(spec.os, progress), progress);
  const opened = lock.packages.map(async (it) => [it.name, (await source.open(it)).data] as const);
  const contents = new Map(await Promise.all(opened));
  const tree = ownedTree(openTarTree(await store.path(version.treeDigest)), lock, contents);
  const reachability = gatherEvidence({ tree, candidates: memoryTree({}), starts: startsOf(spec) });
  return readInventory({ tree, lock, spec, contents, reachability });
}
