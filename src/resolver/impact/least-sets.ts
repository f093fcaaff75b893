import { memoiseObject } from '../../formats/memoise.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { Resolution } from '../../model/spec.ts';
import { parseRoot, type ResolveRequest } from '../request.ts';
import { resolve } from '../resolve.ts';
import { makeObjective, type Weights } from '../search/objective.ts';
import { makePartMemory, type PartMemory } from '../search/part-memory.ts';
import { makeReducer, type Reducer } from '../search/reduction.ts';
import { type Group, type Reading, readUniverse } from '../universe/reading.ts';
import type { Universe } from '../universe/universe.ts';

export type LeastSet =
  | { readonly kind: 'resolved'; readonly packages: readonly PackageRecord[] }
  | { readonly kind: 'unsatisfiable' };

/** Answers requests over one universe as `resolve` does, without reasons and proofs; what requests have in common is done once. */
export type LeastSets = (request: Pick<ResolveRequest, 'roots' | 'resolution' | 'weights'>) => LeastSet;

interface Shared {
  readonly reading: Reading;
  readonly reducer: Reducer;
  readonly groupOf: (relation: string) => Group;
  readonly memories: Map<Weights | undefined, Map<string, PartMemory>>;
}

export function leastSetsOf(universe: Universe): LeastSets {
  const plain = share(universe, { pin: {}, substitutes: false });
  const substituting = share(universe, { pin: {}, substitutes: true });
  const find: LeastSets = (request) => {
    const { resolution } = request;
    // Wishes are variables that are no packages; they are rare enough to be resolved one by one.
    if (resolution.prefer.length > 0 || resolution.recommends !== false) return resolve(universe, request);
    const pinned = Object.keys(resolution.pin).length > 0;
    const shared = pinned ? share(universe, resolution) : resolution.substitutes ? substituting : plain;
    return leastSet(shared(), request) ?? resolve(universe, request);
  };
  return answeredOnce(find);
}

/** Many images ask for the same: their answer is found once. */
function answeredOnce(find: LeastSets): LeastSets {
  const answers = new Map<Weights | undefined, Map<string, LeastSet>>();
  const textOf = memoiseObject((resolution: Resolution) => canonicalJson(resolution));
  return (request) => {
    const { roots, resolution, weights } = request;
    const known = answers.get(weights) ?? new Map<string, LeastSet>();
    answers.set(weights, known);
    const relations = roots.map((it) => it.relation).sort();
    const key = `${textOf(resolution)}\n${relations.join('\n')}`;
    const answer = known.get(key) ?? find(request);
    known.set(key, answer);
    return answer;
  };
}

/** Made when first asked for. */
function share(universe: Universe, resolution: Pick<Resolution, 'pin' | 'substitutes'>): () => Shared {
  let made: Shared | undefined;
  return () => {
    made ??= makeShared(universe, resolution);
    return made;
  };
}

function makeShared(universe: Universe, resolution: Pick<Resolution, 'pin' | 'substitutes'>): Shared {
  const reading = readUniverse(universe, resolution);
  const groups = new Map<string, Group>();
  const groupOf = (relation: string): Group => {
    let group = groups.get(relation);
    if (!group) {
      group = reading.group(reading.selection.rootSatisfiers(parseRoot(universe, relation)));
      groups.set(relation, group);
    }
    return group;
  };
  return { reading, reducer: makeReducer(reading), groupOf, memories: new Map() };
}

/** Undefined where costs do not fit in one number. */
function leastSet(shared: Shared, request: Parameters<LeastSets>[0]): LeastSet | undefined {
  const { reading, reducer, groupOf } = shared;
  const excluded = request.resolution.exclude.flatMap((it) => reading.selection.chosen(it) ?? []).map(reading.numberOf);
  const relations = [...request.roots.map((it) => it.relation), ...request.resolution.include];
  const roots = [...new Set(relations.map(groupOf))];
  const reduction = reducer.reduce(roots, excluded);
  if (reduction.kind === 'broken') return { kind: 'unsatisfiable' };
  const memory = memoryOf(shared, request);
  const numbers = [...reduction.forced];
  for (const part of reduction.parts) {
    const least = memory.leastOf(part);
    if (least === 'inexact') return undefined;
    if (least === 'none') return { kind: 'unsatisfiable' };
    numbers.push(...least);
  }
  return { kind: 'resolved', packages: numbers.map(reading.record) };
}

/** Parts are remembered for each objective. */
function memoryOf({ reading, memories }: Shared, { resolution, weights }: Parameters<LeastSets>[0]): PartMemory {
  const alike = memories.get(weights) ?? new Map<string, PartMemory>();
  memories.set(weights, alike);
  const key = canonicalJson([resolution.objective, [...resolution.avoid].sort()]);
  const memory = alike.get(key) ?? makePartMemory(reading, makeObjective(resolution, weights));
  alike.set(key, memory);
  return memory;
}
