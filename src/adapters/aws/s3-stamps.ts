import { sha256 } from '../../model/canonical.ts';
import type { StampRequest } from '../../ports/spec-source.ts';
import { inParallel } from './in-parallel.ts';
import type { S3Folder } from './s3-folder.ts';
import { type Listed, listObjects } from './s3-list.ts';

type Settings = Pick<S3Folder, 'bucket' | 'client' | 'prefix'>;

/** Parts of the bucket's list that are asked for at once; it comes by a thousand. */
const PARTS = 16;
/** An object that was put this moment may be followed by another one before its list is read: S3 tells whole seconds. */
const FRESH_MS = 5_000;

/**
 * Stamps of what images are specified, judged and given by, from the list of the bucket alone: all that stands beside a spec but its lock,
 * accounts, policies; `SpecSource.stamps`.
 */
export async function stampsOf(
  place: Settings,
  images: readonly StampRequest[],
  now: number = Date.now(),
): Promise<Map<string, string>> {
  const names = images.map((it) => it.name).sort();
  const [shared, own] = await Promise.all([sharedBy(place), ownBy(place, names)]);
  const stamps = new Map<string, string>();
  for (const name of names) {
    const seen = [...(own.get(name) ?? []), ...shared];
    const isFresh = seen.some((it) => now - it.changedAt < FRESH_MS);
    if (own.has(name) && !isFresh) stamps.set(name, sha256(seen.map((it) => `${it.key} ${it.tag}`).join('\n')));
  }
  return stamps;
}

async function sharedBy(place: Settings): Promise<Listed[]> {
  const { prefix } = place;
  const parts = ['accounts.yaml', 'policies/'].map((it) => listObjects({ ...place, prefix: prefix + it }));
  return (await Promise.all(parts)).flat();
}

/** Objects of each image, asked for by ranges of names, several at a time. */
async function ownBy(place: Settings, names: readonly string[]): Promise<Map<string, Listed[]>> {
  const prefix = `${place.prefix}images/`;
  const found = new Map<string, Listed[]>(names.map((it) => [it, []]));
  await inParallel(PARTS, rangesOf(names), async ({ first, last }) => {
    const from = names.length === 1 ? `${prefix}${first}/` : prefix;
    const range = { startAfter: `${prefix}${first}/`, end: `${prefix}${last}0` };
    for (const it of await listObjects({ ...place, prefix: from }, range)) {
      const [name = '', ...below] = it.key.slice(prefix.length).split('/');
      if (below.join('/') !== 'image.lock') found.get(name)?.push(it);
    }
  });
  for (const [name, objects] of found) if (objects.length === 0) found.delete(name);
  return found;
}

interface Range {
  readonly first: string;
  readonly last: string;
}

/** In the order in which S3 has keys: `NAME/` stands before `NAME0`, and after `NAME-MORE/`. */
function rangesOf(names: readonly string[]): Range[] {
  const ordered = [...names].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
  const size = Math.max(1, Math.ceil(ordered.length / PARTS));
  return Array.from({ length: Math.ceil(ordered.length / size) }, (_, part) => ({
    first: ordered[part * size] as string,
    last: ordered[Math.min(ordered.length, (part + 1) * size) - 1] as string,
  }));
}
