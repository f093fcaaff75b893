import { type AdvisoryIndex, indexAdvisories } from '../../formats/advisories/match.ts';
import { readAdvisories } from '../../formats/advisories/read-advisories.ts';
import type { Advisory, AdvisoryPlace } from '../../model/advisory.ts';
import type { Ports } from '../../ports/ports.ts';

export interface LoadedAdvisories {
  readonly index: AdvisoryIndex;
  /** How many there are. */
  readonly count: number;
  /** Hex digests of the files, in the order in which they stand. */
  readonly digests: readonly string[];
  /** Places that could not be asked, and gave what they said last. */
  readonly warnings: readonly string[];
}

/** Files and indexes that this process keeps; the JSON of Debian's tracker takes a second to read. */
const KEPT = 8;
const files = new Map<string, readonly Advisory[]>();
const indexes = new Map<string, AdvisoryIndex>();

/** The advisories that policies name. Throws what `AdvisorySource.open` throws, and POLICY_INVALID with file and line. */
export async function loadAdvisories(
  { advisories }: Pick<Ports, 'advisories'>,
  places: readonly AdvisoryPlace[],
): Promise<LoadedAdvisories> {
  const opened = await Promise.all(places.map((it) => advisories.open(it)));
  const digests = opened.map((it) => it.digest);
  const lists: (readonly Advisory[])[] = [];
  for (const { name, digest, bytes } of opened)
    lists.push(await keptIn(files, digest, async () => readAdvisories(name, await bytes())));
  const index = await keptIn(indexes, digests.join(), async () => indexAdvisories(lists));
  const count = lists.reduce((sum, it) => sum + it.length, 0);
  return { index, count, digests, warnings: opened.flatMap((it) => it.stale ?? []) };
}

async function keptIn<T>(kept: Map<string, T>, key: string, make: () => Promise<T>): Promise<T> {
  const value = kept.get(key) ?? (await make());
  // The one used last goes to the end; the one used longest ago is forgotten.
  kept.delete(key);
  kept.set(key, value);
  for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
  return value;
}
