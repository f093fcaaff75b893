import { parseReference, requireVersion } from '../app/gate/image-reference.ts';
import { KilnError } from '../model/error.ts';
import { type Lock, lock as lockSchema } from '../model/lock.ts';
import type { LocalKiln } from './compose.ts';
import { imageOf } from './image-argument.ts';

/** The lock that an argument means: NAME@VERSION that version's, a spec or NAME the one beside the spec. Throws NOT_FOUND. */
export async function lockOf(kiln: LocalKiln, argument: string): Promise<{ image: string; lock: Lock }> {
  if (/^[a-z0-9-]+@/.test(argument)) {
    const version = await requireVersion(kiln.ports.catalog, parseReference(argument));
    const text = (await kiln.ports.store.read(version.lockDigest)).toString('utf8');
    return { image: version.image, lock: lockSchema.parse(JSON.parse(text)) };
  }
  const image = await imageOf(kiln, argument);
  const lock = await kiln.ports.specs.readLock(image);
  if (lock) return { image, lock };
  throw new KilnError('NOT_FOUND', `${image} has no lock`, { hint: `kiln resolve ${argument} makes one` });
}
