import { formatAlternatives } from '../formats/debian/relation.ts';
import type { Reason } from '../model/lock.ts';
import type { PackageRecord } from '../model/package.ts';
import type { Alternatives } from '../model/relation.ts';
import { explainUnsatisfiable } from './explain/unsatisfiable.ts';
import { refusePreDependsCycle } from './pre-depends.ts';
import { type ProofLog, writeProof } from './proof/proof.ts';
import { type ResolveRequest, type StatedRequest, stateRequest } from './request.ts';
import { makeObjective } from './search/objective.ts';
import type { Problem } from './search/problem.ts';
import { IN, type Values } from './search/propagate.ts';
import { type Solution, type SolveStatistics, solve } from './search/solve.ts';
import type { Universe } from './universe/universe.ts';

export type { ResolveRequest, Root } from './request.ts';

/** A package of the set, with all relations of the set that point at it, roots first. */
export interface ResolvedPackage extends PackageRecord {
  readonly why: readonly Reason[];
}

export type ResolveOutcome =
  | {
      readonly kind: 'resolved';
      /** Sorted by name. */
      readonly packages: ResolvedPackage[];
      readonly installedSizeKiB: number;
      /** Where the set is not proven: no valid set is smaller than this. Equal to the size where it is. */
      readonly lowerBoundKiB: number;
      readonly proven: boolean;
      /** Where the request says `prove` and the set is proven. */
      readonly proof?: ProofLog;
      readonly statistics: SolveStatistics;
    }
  | { readonly kind: 'unsatisfiable'; readonly explanation: string[]; readonly hints: string[] };

/**
 * The least valid set for a request (DESIGN, 'What least means'), or why there is none. The same answer on every run and for every
 * order of stanzas. Throws SPEC_INVALID, INDEX_CORRUPT.
 */
export function resolve(universe: Universe, request: ResolveRequest): ResolveOutcome {
  const stated = stateRequest(universe, request);
  const deadline = performance.now() + (request.timeLimitMs ?? Number.POSITIVE_INFINITY);
  const stop = (): boolean => performance.now() > deadline || request.signal?.aborted === true;
  const objective = makeObjective(request.resolution, request.weights);
  const solution = solve(stated.problem, objective, { stop, prove: request.prove === true });
  if (solution.kind === 'unsatisfiable') return { kind: 'unsatisfiable', ...explainUnsatisfiable(stated) };
  return resolved(stated, solution);
}

function resolved(stated: StatedRequest, solution: Solution & { kind: 'solved' }): ResolveOutcome {
  const { problem, universe } = stated;
  refusePreDependsCycle(problem, solution.values, (number) => {
    const variable = problem.variables[number]!;
    return variable.kind === 'package' ? universe.place(variable.record) : variable.name;
  });
  const reasons = reasonsOf(stated, solution.values);
  const packages: ResolvedPackage[] = [];
  problem.variables.forEach((variable, number) => {
    if (variable.kind !== 'package' || solution.values[number] !== IN) return;
    packages.push({ ...variable.record, why: reasons.get(number) ?? [] });
  });
  const installedSizeKiB = packages.reduce((sum, it) => sum + it.installedSizeKiB, 0);
  return {
    kind: 'resolved',
    packages,
    installedSizeKiB,
    lowerBoundKiB: solution.proven ? installedSizeKiB : sizeBound(stated, solution),
    proven: solution.proven,
    ...(stated.request.prove && solution.proven ? { proof: writeProof(problem, solution.components) } : {}),
    statistics: solution.statistics,
  };
}

/** Least installed size (KiB) that the bounds of the parts leave possible: what is forced, and what each part needs at least. */
function sizeBound({ problem, request }: StatedRequest, { values, components }: Solution & { kind: 'solved' }): number {
  const sizeOf = (number: number): number => {
    const variable = problem.variables[number]!;
    return variable.kind === 'package' ? variable.record.installedSizeKiB : 0;
  };
  const parts = new Set(components.flatMap(({ component }) => component.global));
  const forced = [...values.keys()].filter((it) => values[it] === IN && !parts.has(it));
  const bounds = components.map(({ component, lowerBound }) => {
    // A part's units tell of size alone where nothing outweighs size in it: then they are size × (n + 1) + packages.
    const plain = request.resolution.objective === 'installed-size' && request.resolution.avoid.length === 0;
    const units = component.global.length + 1;
    const isSize = plain && component.global.every((it) => problem.variables[it]!.kind === 'package');
    return isSize ? Math.max(0, Math.ceil((lowerBound - units + 1) / units)) : 0;
  });
  return forced.reduce((sum, it) => sum + sizeOf(it), 0) + bounds.reduce((sum, it) => sum + it, 0);
}

/** All relations of the set that point at each of its packages: roots first, then in the order of their packages' names. */
export function reasonsOf({ problem, roots }: StatedRequest, values: Values): Map<number, Reason[]> {
  const reasons = new Map<number, Reason[]>();
  const clauses = problem.clauses.filter(({ negative }) => negative.every((it) => values[it] === IN));
  clauses.sort((a, b) => (a.negative[0] ?? -1) - (b.negative[0] ?? -1));
  for (const { origin, positive } of clauses) {
    if (origin.kind !== 'root' && origin.kind !== 'depends') continue;
    const reason = origin.kind === 'root' ? roots[origin.root]!.why : relationReason(problem, origin);
    for (const number of positive) {
      if (values[number] !== IN || number >= problem.packages) continue;
      reasons.set(number, [...(reasons.get(number) ?? []), reason]);
    }
  }
  return reasons;
}

function relationReason(problem: Problem, origin: { by: number; field: string; group: Alternatives }): Reason {
  const by = problem.variables[origin.by]!;
  return { kind: 'relation', by: by.name, field: origin.field, relation: formatAlternatives(origin.group) };
}
