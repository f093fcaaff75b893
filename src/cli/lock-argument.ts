import { parseReference, requireVersion } from '../app/gate/image-reference.ts';
import { readLock } from '../app/sources/stored-documents.ts';
import { KilnError } from '../model/error.ts';
import type { Lock } from '../model/lock.ts';
import type { LocalKiln } from './compose.ts';
import { imageOf } from './image-argument.ts';

/** The lock that an argument means: NAME@VERSION that version's, a spec or NAME the one beside the spec. Throws NOT_FOUND. */
export async function lockOf(kiln: LocalKiln, argument: string): Promise<{ image: string; lock: Lock }> {
  if (/^[a-z0-9-]+@/.test(argument)) {
    const version = await requireVersion(kiln.ports.catalog, parseReference(argument));
    return { image: version.image, lock: await readLock(kiln.ports.store, version.lockDigest) };
  }
  const image = await imageOf(kiln, argument);
  const lock = await kiln.ports.specs.readLock(image);
  if (lock) return { image, lock };
  throw new KilnError('NOT_FOUND', `${image} has no lock`, { hint: `kiln resolve ${argument} makes one` });
}
