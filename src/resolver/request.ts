import { parseRelations } from '../formats/debian/relation.ts';
import { canonicalJson } from '../model/canonical.ts';
import { KilnError } from '../model/error.ts';
import type { Reason } from '../model/lock.ts';
import type { Alternatives } from '../model/relation.ts';
import type { Resolution } from '../model/spec.ts';
import type { Weights } from './search/objective.ts';
import { type Problem, stateProblem } from './search/problem.ts';
import { type Selection, selectCandidates } from './search/selection.ts';
import type { Universe } from './universe/universe.ts';

/** A relation that must hold, such as `nginx (>= 1.22)`, and why. */
export interface Root {
  readonly relation: string;
  readonly why: Reason;
}

export interface ResolveRequest {
  readonly roots: readonly Root[];
  readonly resolution: Resolution;
  /** Default: none. When it is over, the best set known is returned as not proven. */
  readonly timeLimitMs?: number;
  readonly signal?: AbortSignal;
  /** Whether to write the proof log that `checkProof` replays. */
  readonly prove?: boolean;
  /** For the objective `vulnerabilities`: severities of what is known of each package, added up. */
  readonly weights?: Weights;
}

/** A request as the resolver's parts see it: which package stands for each name, and the clauses. */
export interface StatedRequest {
  readonly universe: Universe;
  readonly request: ResolveRequest;
  readonly roots: readonly { readonly group: Alternatives; readonly why: Reason }[];
  readonly selection: Selection;
  readonly problem: Problem;
}

/** States a request as a problem. Throws SPEC_INVALID (a root or pin that cannot be read), INDEX_CORRUPT. */
export function stateRequest(universe: Universe, request: ResolveRequest): StatedRequest {
  const { resolution } = request;
  const roots = statedRoots(request).map(({ relation, why }) => ({ group: parseRoot(universe, relation), why }));
  const selection = selectCandidates(universe, resolution);
  const { recommends } = resolution;
  const problem = stateProblem(universe, selection, {
    roots: roots.map((it) => it.group),
    exclude: resolution.exclude,
    prefer: resolution.prefer,
    recommends: (name) => (typeof recommends === 'boolean' ? recommends : recommends.includes(name)),
  });
  return { universe, request, roots, selection, problem };
}

/** The roots of a request in the order in which a proof numbers them: its own, then `resolution.include`, each once. */
export function statedRoots({ roots, resolution }: Pick<ResolveRequest, 'roots' | 'resolution'>): Root[] {
  const included = resolution.include.map(
    (relation): Root => ({ relation, why: { kind: 'spec', field: 'resolution.include' } }),
  );
  return [...new Map([...roots, ...included].map((root) => [canonicalJson(root), root])).values()];
}

/** The group of a root. Throws SPEC_INVALID. */
export function parseRoot(universe: Universe, relation: string): Alternatives {
  try {
    return parseRelations(relation, 'root', universe.architecture)[0] ?? [];
  } catch (cause) {
    throw new KilnError('SPEC_INVALID', `"${relation}" is not a package, nor a package with a version`, {
      hint: 'write "nginx", or "nginx (>= 1.22)"',
      cause,
    });
  }
}
