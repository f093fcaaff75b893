import { KilnError } from '../../model/error.ts';
import type { Ports } from '../../ports/ports.ts';

/** Document that names the artifact with what `kiln tick` saw when it looked last. */
export const LOOKS = 'watch:book';

type BookPorts = Pick<Ports, 'catalog' | 'store'>;

/** Bytes of the artifact that a document names; undefined where there is none that can be read. What is in it can be made again. */
export async function readStored({ catalog, store }: BookPorts, document: string): Promise<Buffer | undefined> {
  const digest = await storedDigest({ catalog }, document);
  return digest === undefined ? undefined : store.read(digest).catch(absent);
}

function absent(error: unknown): undefined {
  if (error instanceof KilnError && (error.code === 'NOT_FOUND' || error.code === 'ARTIFACT_CORRUPT')) return undefined;
  throw error;
}

/** Puts bytes in the place of those that a document named before. Of two written at once the later stay. */
export async function writeStored({ catalog, store }: BookPorts, document: string, bytes: Uint8Array): Promise<void> {
  const before = await storedDigest({ catalog }, document);
  const digest = await store.put({ bytes });
  if (digest === before) return;
  await catalog.putDocument(document, { digest });
  if (before !== undefined) await store.remove(before);
}

/** Digest of the artifact that a document names, so that cleaning up leaves it. */
export async function storedDigest({ catalog }: Pick<Ports, 'catalog'>, document: string): Promise<string | undefined> {
  return ((await catalog.getDocument(document)) as { digest: string } | undefined)?.digest;
}
