import type { Universe } from '../universe/universe.ts';
import type { Impact } from './impact.ts';
import type { PackedImage } from './impact-images.ts';
import { type LeastSet, leastSetsOf } from './least-sets.ts';

/**
 * Of impacts under `after`, those that came since `before`: images whose set under `before` would be another than under `after`. An
 * image that only lags behind what was there already is none of them.
 */
export function* onlySince(
  impacts: Iterable<Impact>,
  images: ReadonlyMap<string, PackedImage>,
  before: Universe,
  after: Universe,
): Generator<Impact, void, undefined> {
  const setsBefore = leastSetsOf(before);
  const setsAfter = leastSetsOf(after);
  const isNew = (name: string): boolean => {
    const [old, now] = [before.identity(name), after.identity(name)];
    return old?.version !== now?.version || old?.sha256 !== now?.sha256;
  };
  for (const impact of impacts) {
    const image = images.get(impact.image)!;
    // What is in now, and was another then, cannot have been in then.
    const certain = impact.changes.some((it) => it.after !== undefined && isNew(it.name));
    if (certain || tell(setsBefore(image)) !== tell(setsAfter(image))) yield impact;
  }
}

function tell(set: LeastSet): string {
  if (set.kind === 'unsatisfiable') return set.kind;
  return set.packages
    .map((it) => `${it.name} ${it.version} ${it.sha256}`)
    .sort()
    .join();
}
