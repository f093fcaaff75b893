import { complaintsOf } from '../../formats/system/exec-trace.ts';
import type { ImageVersion } from '../../model/build.ts';
import type { Lock } from '../../model/lock.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Gap, gapsOf } from './gaps.ts';

/**
 * Programs that a traced boot of a version asked for, and that the image has not, with what to add to the spec. Unproven as all gaps are: a
 * program may look for what it can do without. What nobody's package has is left out: the kernel and the init look for such, too.
 */
export async function gapsOfTrace(
  ports: Pick<Ports, 'store' | 'specs' | 'source' | 'progress'>,
  { image, lockDigest, treeDigest }: Pick<ImageVersion, 'image' | 'lockDigest' | 'treeDigest'>,
  tried: readonly string[],
): Promise<Gap[]> {
  const lock: Lock = JSON.parse((await ports.store.read(lockDigest)).toString('utf8'));
  const { spec } = await ports.specs.load(image);
  const gaps = await gapsOf(ports, { spec, lock, treeDigest, console: complaintsOf(tried).join('\n') });
  return gaps.filter((it) => it.package !== undefined);
}
