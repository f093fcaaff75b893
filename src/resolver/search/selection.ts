import { satisfies } from '../../formats/debian/version.ts';
import { KilnError } from '../../model/error.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { Alternatives, Relation } from '../../model/relation.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Universe } from '../universe/universe.ts';

/** Which package stands for each name, and what meets or is struck by a relation (DESIGN, 'What least means'). */
export interface Selection {
  /** The candidate, or what a pin puts in its place. */
  chosen(name: string): PackageRecord | undefined;
  /** Packages any one of which meets the group, in its order. */
  satisfiers(group: Alternatives): PackageRecord[];
  /** The same for a root: who asks for a package by name gets that package, also where substitutes are allowed. */
  rootSatisfiers(group: Alternatives): PackageRecord[];
  /** Packages that a Conflicts or Breaks of `by` keeps out. */
  struck(relation: Relation, by: PackageRecord): PackageRecord[];
}

/** A selection under a spec's pins and substitutes. Throws SPEC_INVALID where a pin names what the sources don't have. */
export function selectCandidates(universe: Universe, resolution: Pick<Resolution, 'pin' | 'substitutes'>): Selection {
  const pinned = new Map(
    Object.entries(resolution.pin).map(([name, pin]) => [name, pinnedRecord(universe, name, pin)]),
  );
  const chosen = (name: string): PackageRecord | undefined => pinned.get(name) ?? universe.candidate(name);
  const providing = (relation: Relation): PackageRecord[] =>
    universe
      .providers(relation.name)
      .filter(({ record, version }) => chosen(record.name) === record && provides(universe, record, version, relation))
      .map(({ record }) => record);
  const meeting = (relation: Relation, substitutes: boolean): PackageRecord[] => {
    const own = chosen(relation.name);
    const fits = own && qualifies(universe, own, relation) && satisfies(own.version, relation.constraint);
    if (fits && !substitutes) return [own];
    return fits ? [own, ...providing(relation)] : providing(relation);
  };
  return {
    chosen,
    satisfiers: (group) => [...new Set(group.flatMap((it) => meeting(it, resolution.substitutes)))],
    rootSatisfiers: (group) => [...new Set(group.flatMap((it) => meeting(it, false)))],
    struck: (relation, by) => {
      const { qualifier = 'any' } = relation;
      if (!['any', 'native', universe.architecture].includes(qualifier)) return [];
      const own = chosen(relation.name);
      const named = own && satisfies(own.version, relation.constraint) ? [own] : [];
      const unqualified = { name: relation.name, constraint: relation.constraint };
      return [...new Set([...named, ...providing(unqualified)])].filter((it) => it !== by);
    },
  };
}

/** A versioned relation needs a versioned Provides (Debian Policy §7.5). */
function provides(universe: Universe, record: PackageRecord, version: string | undefined, relation: Relation): boolean {
  if (!qualifies(universe, record, relation)) return false;
  return relation.constraint === undefined || (version !== undefined && satisfies(version, relation.constraint));
}

/** Whether a package may stand behind a Multi-Arch qualifier in a root of one architecture; `any` asks for `allowed`. */
function qualifies(universe: Universe, record: PackageRecord, { qualifier }: Relation): boolean {
  if (qualifier === undefined || qualifier === 'native' || qualifier === universe.architecture) return true;
  return qualifier === 'any' && universe.multiArch(record) === 'allowed';
}

function pinnedRecord(universe: Universe, name: string, pin: string): PackageRecord {
  const versions = universe.versions(name);
  const release = /^release=(.+)$/.exec(pin)?.[1];
  const fits = (record: PackageRecord): boolean => {
    const index = universe.indexes[record.index]!;
    return release === undefined ? record.version === pin : index.codename === release || index.suite === release;
  };
  const record = versions.find(fits);
  if (record) return record;
  const offered = versions.map((it) => `${it.version} (${universe.indexes[it.index]!.codename})`);
  throw new KilnError('SPEC_INVALID', `pin of ${name} to ${pin}: these sources have no such package`, {
    hint:
      offered.length > 0
        ? `they have ${offered.join(', ')}`
        : `nearest names: ${universe.nearest(name).join(', ') || 'none'}`,
  });
}
