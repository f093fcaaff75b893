import type { PackageRecord } from '../../model/package.ts';
import type { Alternatives } from '../../model/relation.ts';
import type { Resolution } from '../../model/spec.ts';
import { type Selection, selectCandidates } from '../search/selection.ts';
import type { Universe } from './universe.ts';

/** Packages any one of which must be in, by number, sorted. Groups with the same members are the same object. */
export interface Group {
  readonly number: number;
  readonly members: readonly number[];
}

/**
 * A universe read under one resolution: packages numbered as they are first asked for, and what each needs and strikes, found once. It
 * says what `stateProblem` says, for those who ask the same packages' relations thousands of times.
 */
export interface Reading {
  readonly selection: Selection;
  /** Numbers are below this. */
  readonly limit: number;
  numberOf(record: PackageRecord): number;
  record(number: number): PackageRecord;
  /** Groups of Pre-Depends and Depends, each once, without those that the package itself meets. Throws INDEX_CORRUPT. */
  groups(number: number): readonly Group[];
  /** The members of its groups that have only one, and the groups that leave a choice, or none. */
  needs(number: number): readonly number[];
  choices(number: number): readonly Group[];
  /** Packages that it Conflicts with or Breaks. Throws INDEX_CORRUPT. */
  strikes(number: number): readonly number[];
  group(records: readonly PackageRecord[]): Group;
}

export function readUniverse(universe: Universe, resolution: Pick<Resolution, 'pin' | 'substitutes'>): Reading {
  const selection = selectCandidates(universe, resolution);
  const records: PackageRecord[] = [];
  const numbers = new Map<PackageRecord, number>();
  const numberOf = (record: PackageRecord): number => {
    let number = numbers.get(record);
    if (number === undefined) {
      number = records.push(record) - 1;
      numbers.set(record, number);
    }
    return number;
  };
  const interned = new Map<string, Group>();
  const group = (members: readonly PackageRecord[]): Group => {
    const sorted = members.map(numberOf).sort((a, b) => a - b);
    const key = sorted.join();
    let known = interned.get(key);
    if (!known) {
      known = { number: interned.size, members: sorted };
      interned.set(key, known);
    }
    return known;
  };
  const groupsOf = (by: PackageRecord): Group[] => {
    const relations = (['Pre-Depends', 'Depends'] as const).flatMap((field) => universe.relations(by, field));
    const met = relations.map((it) => selection.satisfiers(it)).filter((it) => !it.includes(by));
    return [...new Set(met.map(group))];
  };
  const struckBy = (by: PackageRecord): number[] => {
    const relations = (['Conflicts', 'Breaks'] as const).flatMap((field) => universe.relations(by, field));
    const struck = ([relation]: Alternatives) => selection.struck(relation!, by);
    return [...new Set(relations.flatMap(struck).map(numberOf))];
  };
  const groups = kept((number) => groupsOf(records[number]!));
  return {
    selection,
    // One package a name is chosen, and there are not more names than stanzas.
    limit: universe.size + 1,
    numberOf,
    record: (number) => records[number]!,
    groups,
    needs: kept((number) => groups(number).flatMap(({ members }) => (members.length === 1 ? members : []))),
    choices: kept((number) => groups(number).filter(({ members }) => members.length !== 1)),
    strikes: kept((number) => struckBy(records[number]!)),
    group,
  };
}

function kept<V>(make: (number: number) => V): (number: number) => V {
  const made: V[] = [];
  return (number) => {
    made[number] ??= make(number);
    return made[number];
  };
}
