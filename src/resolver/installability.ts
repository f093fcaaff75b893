import type { PackageRecord } from '../model/package.ts';
import type { Resolution } from '../model/spec.ts';
import { resolve } from './resolve.ts';
import { type Selection, selectCandidates } from './search/selection.ts';
import type { Universe } from './universe/universe.ts';

export interface BrokenPackage {
  readonly package: PackageRecord;
  /** As in an unsatisfiable outcome. */
  readonly explanation: readonly string[];
}

export interface InstallabilityReport {
  readonly checked: number;
  /** Candidates that no valid set has, sorted by name. */
  readonly broken: readonly BrokenPackage[];
}

/** A universe's candidates by number, with the groups they need and those they cannot stand beside. */
interface Network {
  readonly records: readonly PackageRecord[];
  readonly groups: readonly (readonly (readonly number[])[])[];
  readonly conflicts: readonly ReadonlySet<number>[];
}

/**
 * Whether each candidate of a universe is in some valid set. Sets are grown package by package, and each member of a valid set is
 * installable with it; only what fits into no grown set is searched for by itself.
 */
export function checkInstallability(
  universe: Universe,
  resolution: Pick<Resolution, 'pin' | 'substitutes'>,
): InstallabilityReport {
  const network = connect(universe, selectCandidates(universe, resolution));
  const hopeless = findHopeless(network);
  let pending = [...network.records.keys()].filter((it) => !hopeless.has(it));
  const stuck: number[] = [...hopeless];
  while (pending.length > 0) {
    const set = new Set<number>();
    const left = pending.filter((it) => !extend(network, hopeless, set, it));
    // The first of a round starts from an empty set: if not even that works, only a search can tell.
    if (left.length === pending.length || set.size === 0) stuck.push(...left.splice(0, 1));
    pending = left;
  }
  const broken = stuck
    .sort((a, b) => a - b)
    .flatMap((it) => searchAlone(universe, network.records[it]!, resolution) ?? []);
  return { checked: network.records.length, broken };
}

function connect(universe: Universe, selection: Selection): Network {
  const records = Array.from(universe.names(), (name) => selection.chosen(name)!);
  const numbers = new Map(records.map((record, number) => [record, number]));
  const conflicts = records.map(() => new Set<number>());
  const groups = records.map((record, number) => {
    for (const field of ['Conflicts', 'Breaks'] as const) {
      for (const [relation] of universe.relations(record, field)) {
        for (const other of selection.struck(relation!, record)) {
          conflicts[number]!.add(numbers.get(other)!);
          conflicts[numbers.get(other)!]!.add(number);
        }
      }
    }
    return [...universe.relations(record, 'Pre-Depends'), ...universe.relations(record, 'Depends')]
      .map((group) => selection.satisfiers(group).map((it) => numbers.get(it)!))
      .filter((members) => !members.includes(number));
  });
  return { records, groups, conflicts };
}

/** Packages of which some group has no member that is not hopeless itself. */
function findHopeless({ groups }: Network): Set<number> {
  const askers: number[][] = groups.map(() => []);
  groups.forEach((own, number) => {
    for (const member of own.flat()) askers[member]!.push(number);
  });
  const hopeless = new Set<number>();
  const judge = (number: number): void => {
    if (groups[number]!.some((members) => members.every((it) => hopeless.has(it)))) hopeless.add(number);
  };
  for (const number of groups.keys()) judge(number);
  // A Set's iteration goes on to what is added meanwhile.
  for (const number of hopeless) for (const asker of askers[number]!) if (!hopeless.has(asker)) judge(asker);
  return hopeless;
}

/** Adds a package to a valid set with all that it needs, taking the first member of a group that fits. False, and nothing added, if none. */
function extend(network: Network, hopeless: ReadonlySet<number>, set: Set<number>, wanted: number): boolean {
  if (set.has(wanted)) return true;
  const added: number[] = [];
  const fits = (number: number): boolean => {
    if (hopeless.has(number)) return false;
    for (const other of network.conflicts[number]!) if (set.has(other)) return false;
    return true;
  };
  const add = (number: number): void => {
    set.add(number);
    added.push(number);
  };
  let works = fits(wanted);
  if (works) add(wanted);
  for (let i = 0; works && i < added.length; i += 1) {
    for (const members of network.groups[added[i]!]!) {
      if (members.some((it) => set.has(it))) continue;
      const member = members.find(fits);
      works = member !== undefined;
      if (member === undefined) break;
      add(member);
    }
  }
  if (!works) for (const number of added) set.delete(number);
  return works;
}

function searchAlone(
  universe: Universe,
  record: PackageRecord,
  resolution: Pick<Resolution, 'pin' | 'substitutes'>,
): BrokenPackage | undefined {
  const outcome = resolve(universe, {
    roots: [{ relation: record.name, why: { kind: 'spec', field: 'installability' } }],
    resolution: {
      ...resolution,
      include: [],
      includeFiles: [],
      exclude: [],
      prefer: [],
      avoid: [],
      recommends: false,
      objective: 'installed-size',
    },
  });
  return outcome.kind === 'unsatisfiable' ? { package: record, explanation: outcome.explanation } : undefined;
}
