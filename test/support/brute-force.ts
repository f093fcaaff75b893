import { satisfies } from '../../src/formats/debian/version.ts';
import type { PackageRecord } from '../../src/model/package.ts';
import type { Relation } from '../../src/model/relation.ts';
import type { Universe } from '../../src/resolver/universe/universe.ts';

/**
 * The least valid set by trying all of them: smallest size, then fewest packages, then the names that come first. Undefined where none
 * is valid. Written from the definition alone, for universes of a dozen names.
 */
export function leastByTrying(universe: Universe, roots: readonly Relation[][]): string[] | undefined {
  const records = [...universe.names()].map((name) => universe.candidate(name)!);
  let best: PackageRecord[] | undefined;
  for (let mask = 0; mask < 1 << records.length; mask += 1) {
    const set = records.filter((_, i) => (mask & (1 << i)) !== 0);
    if (isValid(universe, set, roots) && (!best || isBetter(set, best))) best = set;
  }
  return best?.map((it) => it.name);
}

/** Whether a set meets every relation of its members and all roots, and nothing in it strikes another. */
export function isValid(
  universe: Universe,
  set: readonly PackageRecord[],
  roots: readonly (readonly Relation[])[],
): boolean {
  const met = (group: readonly Relation[]): boolean =>
    group.some((it) => set.some((member) => meets(universe, member, it)));
  if (!roots.every(met)) return false;
  return set.every(
    (it) =>
      [...universe.relations(it, 'Depends'), ...universe.relations(it, 'Pre-Depends')].every(met) &&
      [...universe.relations(it, 'Conflicts'), ...universe.relations(it, 'Breaks')].every(
        ([relation]) =>
          !set.some((other) => other !== it && (isNamed(other, relation!) || isProvided(universe, other, relation!))),
      ),
  );
}

function meets(universe: Universe, member: PackageRecord, relation: Relation): boolean {
  const own = universe.candidate(relation.name);
  if (own && isNamed(own, relation)) return own === member;
  return isProvided(universe, member, relation);
}

const isNamed = (it: PackageRecord, { name, constraint }: Relation): boolean =>
  it.name === name && satisfies(it.version, constraint);

function isProvided(universe: Universe, it: PackageRecord, { name, constraint }: Relation): boolean {
  return universe.relations(it, 'Provides').some(([provided]) => {
    if (provided?.name !== name) return false;
    if (constraint === undefined) return true;
    return provided.constraint !== undefined && satisfies(provided.constraint.version, constraint);
  });
}

function isBetter(a: readonly PackageRecord[], b: readonly PackageRecord[]): boolean {
  const size = (set: readonly PackageRecord[]): number => set.reduce((sum, it) => sum + it.installedSizeKiB, 0);
  if (size(a) !== size(b)) return size(a) < size(b);
  if (a.length !== b.length) return a.length < b.length;
  const differing = a.findIndex((it, i) => it.name !== b[i]!.name);
  return differing >= 0 && a[differing]!.name < b[differing]!.name;
}
