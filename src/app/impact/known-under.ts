import { digestOf } from '../../model/canonical.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PackedImage } from '../../resolver/impact/impact-images.ts';
import { recallUniverse } from '../../resolver/universe/load-universe.ts';
import { differenceOf, type UniverseDifference } from '../../resolver/universe/universe-difference.ts';
import { type Archive, universeFile, universeFolder } from '../lock/closure.ts';
import type { PlanBook, PlannedVersion } from './plan-book.ts';

/** What indexes hold, wherever they came from: locks that state the same were resolved from the same packages. */
export function indexesDigest(indexes: readonly Pick<VerifiedIndex, 'sha256'>[]): string {
  return digestOf(indexes.map((it) => it.sha256));
}

type UniversePorts = Pick<Ports, 'source' | 'folders' | 'progress'>;

/** Fewer images are resolved again sooner than two universes are compared. */
export const WORTH_COMPARING = 200;
/** Universes to compare with at most; images that lag behind further are resolved again. */
const COMPARED = 2;

/**
 * Whether the lock of one of a group's images is the least set still: it was under other indexes, and nothing that it could ever look at has
 * changed since. False where that is not known.
 */
export async function untouchedSince(
  ports: UniversePorts,
  group: readonly PlannedVersion[],
  universes: PlanBook['universes'],
  { universe, indexes }: Archive,
): Promise<(image: PackedImage) => boolean> {
  const now = indexesDigest(indexes);
  const underOf = new Map(group.map((it) => [it.image, it.under]));
  const differences = new Map<string, UniverseDifference>();
  const earlier = [...Map.groupBy(group, (it) => it.under)]
    .filter(([under, those]) => under !== now && universes.has(under) && those.length >= WORTH_COMPARING)
    .sort(([, a], [, b]) => b.length - a.length);
  for (const [under] of earlier.slice(0, COMPARED)) {
    const file = universes.get(under)!;
    await ports.source.bringUniverse?.(file);
    const before = recallUniverse(universeFolder(ports.folders), file, universe.architecture);
    const difference = before && tryDifference(ports, () => differenceOf(before, universe));
    if (difference) differences.set(under, difference);
  }
  return (image) => {
    const under = underOf.get(image.name)!;
    return under === now || (differences.get(under)?.isUntouched(image) ?? false);
  };
}

/** An earlier universe that turns out damaged costs time alone. */
function tryDifference({ progress }: UniversePorts, find: () => UniverseDifference): UniverseDifference | undefined {
  try {
    return find();
  } catch (error) {
    progress.note(`an earlier index cannot be compared with: ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * The book once all versions but `touched` are known to be the least set under `archive`; the same book where that is nothing new.
 * Universes that no version was the answer under any more are left out.
 */
export function knownUnder(
  book: PlanBook,
  group: readonly PlannedVersion[],
  touched: ReadonlySet<string>,
  { indexes, universe }: Archive,
): PlanBook {
  const under = indexesDigest(indexes);
  const fresh = group.filter((it) => it.under !== under && !touched.has(it.image));
  if (fresh.length === 0) return book;
  const moved = fresh.map((it) => [`${it.image}@${it.version}`, { ...it, under }] as const);
  const versions = new Map([...book.versions, ...moved]);
  const used = new Set([...versions.values()].map((it) => it.under));
  const universes = [...book.universes, [under, universeFile(indexes, universe.architecture)] as const];
  return { ...book, versions, universes: new Map(universes.filter(([it]) => used.has(it))) };
}
