import { memoise, memoiseObject } from '../../formats/memoise.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ImageRecord } from '../../ports/catalog.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { changedSources, consult, digestOfPlaces, staleIn } from './consult-advisories.ts';
import type { Look, LookPorts } from './look-at-image.ts';
import { type Consulted, type LookBook, readLooks, type Seen, writeLooks } from './look-book.ts';

/** What of many images need not be looked at, because all that was seen of it is as it was. */
export interface SinceLastLook {
  /** Undefined where the image must be looked at; else what is odd about it, as the last look told. */
  unchanged(image: string): Promise<readonly string[] | undefined>;
  /** To be called when a spec was read and nothing else yet; what it gives takes down what the look saw, once all that it calls for is done. */
  begin(loaded: LoadedSpec): Promise<(look: Look) => Promise<void>>;
  /** Keeps what was seen for the next time. */
  keep(): Promise<void>;
}

type Touched = (image: string) => Promise<boolean>;

/**
 * Opens what was seen last. Where catalog or specs can't tell in one go what changed, every image must be looked at. `isTouched`: whether
 * the sources of today would change an image.
 */
export async function sinceLastLook(
  ports: LookPorts,
  images: readonly ImageRecord[],
  isTouched: Touched,
): Promise<SinceLastLook> {
  const { catalog, specs } = ports;
  if (!catalog.revisions || !specs.stamps) return ALL_CHANGED;
  const book = await readLooks(ports);
  const asked = images.map(({ name, spec }) => {
    const seen = book.images.get(name);
    return { name, reads: seen && seen.reads[0] === spec ? seen.reads : [spec] };
  });
  const revisions = await catalog.revisions();
  const stamps = await specs.stamps(asked);
  const reads = new Map(asked.map((it) => [it.name, it.reads]));
  return makeBook(ports, { book, reads, revisions, stamps, isTouched });
}

const ALL_CHANGED: SinceLastLook = {
  unchanged: async () => undefined,
  begin: async () => async () => undefined,
  keep: async () => undefined,
};

interface Now {
  readonly book: LookBook;
  /** What each image's stamp is of. */
  readonly reads: ReadonlyMap<string, readonly string[]>;
  readonly revisions: ReadonlyMap<string, number>;
  readonly stamps: ReadonlyMap<string, string>;
  readonly isTouched: Touched;
}

function makeBook(ports: LookPorts, { book, reads, revisions, stamps, isTouched }: Now): SinceLastLook {
  const unseen = new Set([...book.images.keys()].filter((it) => reads.has(it)));
  const images = new Map<string, Seen>();
  const lists = new Map<string, Consulted['places']>([...book.advisories].map(([name, it]) => [name, it.places]));
  const revisionOf = (image: string) => revisions.get(image) ?? 0;
  const indexesOf = memoiseObject((os: Seen['os']) => digestOfIndexes(ports, os));
  const staleOf = memoise((list: string) => staleIn(ports, lists.get(list)!));
  let changed = false;
  const saidMore = advisoryChanges(ports, book, () => {
    changed = true;
  });
  return {
    async unchanged(image) {
      unseen.delete(image);
      const seen = book.images.get(image);
      if (
        !seen ||
        seen.reads[0] !== reads.get(image)?.[0] ||
        seen.stamp !== stamps.get(image) ||
        seen.revision !== revisionOf(image)
      )
        return undefined;
      if (seen.until !== undefined && seen.until <= ports.clock.now()) return undefined;
      if (await saidMore(seen)) return undefined;
      const indexes = await indexesOf(seen.os);
      if (indexes !== seen.indexes && (await isTouched(image))) return undefined;
      if (indexes !== seen.indexes) changed = true;
      images.set(image, { ...seen, indexes });
      const stale: string[] = [];
      for (const list of seen.advisories) stale.push(...(await staleOf(list)));
      return stale.length > 0 ? [...new Set([...seen.warnings, ...stale])] : seen.warnings;
    },
    async begin(loaded) {
      changed = true;
      const { name } = loaded.spec;
      const isAsked = reads.get(name)?.join('\n') === loaded.reads?.join('\n');
      const stamp = (isAsked && stamps.get(name)) || (await stampOf(ports, loaded));
      return async (look) => {
        const seen = stamp && (await seenOf(ports, { ...look, revision: revisionOf(name), stamp }, lists));
        if (seen) images.set(name, seen);
      };
    },
    async keep() {
      for (const it of unseen) images.set(it, book.images.get(it)!);
      if (!changed && images.size === book.images.size) return;
      await writeLooks(ports, { images, advisories: await consultedBy(ports, book, images, lists) });
    },
  };
}

/** Whether advisories say of an image's packages what they did not say when it was looked at last. */
function advisoryChanges(
  ports: LookPorts,
  { images, advisories }: LookBook,
  onOther: () => void,
): (seen: Seen) => Promise<boolean> {
  const changedIn = memoise(async (name: string) => {
    const consulted = advisories.get(name);
    if (!consulted) return 'all';
    if ((await digestOfPlaces(ports, consulted.places)) !== consulted.digest) onOther();
    return changedSources(ports, consulted, sourcesBy(images, name));
  });
  return async (seen) => {
    for (const name of seen.advisories) {
      const changed = await changedIn(name);
      if (changed === 'all' || (changed.size > 0 && seen.sources.some((it) => changed.has(it)))) return true;
    }
    return false;
  };
}

/** Undefined where it cannot be told, or may change this very moment. */
async function stampOf({ specs }: LookPorts, { spec: { name }, reads }: LoadedSpec): Promise<string | undefined> {
  return reads && (await specs.stamps?.([{ name, reads }]))?.get(name);
}

async function digestOfIndexes({ source, progress }: LookPorts, os: Seen['os']): Promise<string> {
  const indexes = await source.indexes(os, progress);
  return digestOf(indexes.map((it) => it.sha256).sort());
}

/** Undefined where not all of it could be judged. */
async function seenOf(
  ports: LookPorts,
  look: Look & { readonly revision: number; readonly stamp: string },
  lists: Map<string, Consulted['places']>,
): Promise<Seen | undefined> {
  const { loaded, standings, until, indexes, revision, stamp } = look;
  if (!standings || !loaded.reads) return undefined;
  const consulted = standings
    .flatMap((it) => it.places)
    .map((places) => ({ name: digestOf(places).slice(0, 16), places }));
  for (const { name, places } of consulted) lists.set(name, places);
  const stale = new Set((await Promise.all(consulted.map((it) => staleIn(ports, it.places)))).flat());
  return {
    reads: loaded.reads,
    stamp,
    revision,
    os: loaded.spec.os,
    indexes,
    until,
    advisories: [...new Set(consulted.map((it) => it.name))].sort(),
    sources: [...new Set(standings.flatMap((it) => it.sources))].sort(),
    warnings: look.warnings.filter((it) => !stale.has(it)),
  };
}

/** What the lists say of all that is shipped; what was taken down before stands where they are the same and nothing new is asked. */
async function consultedBy(
  ports: LookPorts,
  book: LookBook,
  images: ReadonlyMap<string, Seen>,
  lists: ReadonlyMap<string, Consulted['places']>,
): Promise<Map<string, Consulted>> {
  const found = new Map<string, Consulted>();
  for (const [name, places] of lists) {
    const sources = sourcesBy(images, name);
    if (sources.size === 0) continue;
    const before = book.advisories.get(name);
    const asked = sourcesBy(book.images, name);
    const isSame = before !== undefined && (await digestOfPlaces(ports, places)) === before.digest;
    const said = isSame && sources.isSubsetOf(asked) ? before : await consult(ports, places, sources);
    if (said) found.set(name, said);
  }
  return found;
}

/** Source packages of the images that a list of places is asked about. */
function sourcesBy(images: ReadonlyMap<string, Seen>, list: string): Set<string> {
  const sources = new Set<string>();
  for (const seen of images.values())
    if (seen.advisories.includes(list)) for (const it of seen.sources) sources.add(it);
  return sources;
}
