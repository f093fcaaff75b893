import { type Component, splitComponents } from './component.ts';
import { flattenCosts, type Objective } from './objective.ts';
import type { Problem } from './problem.ts';
import { type Causes, type ClauseSet, IN, makeClauseSet, OUT, settle, type Values } from './propagate.ts';
import { type SearchNode, searchComponent } from './search.ts';

/** How much work an answer took. */
export interface SolveStatistics {
  readonly candidates: number;
  readonly clauses: number;
  /** Packages that unit propagation alone put in. */
  readonly forced: number;
  readonly components: number;
  /** Variables of the largest component. */
  readonly largest: number;
  readonly nodes: number;
}

export interface SolvedComponent {
  readonly component: Component;
  readonly tree: SearchNode | undefined;
}

export type Solution =
  | {
      readonly kind: 'solved';
      readonly values: Values;
      /** Whether every component was searched to its end. */
      readonly proven: boolean;
      /** Cost and bound are in the component's own units (`flattenCosts`); they are equal where it is proven. */
      readonly components: readonly (SolvedComponent & {
        readonly cost: number;
        readonly lowerBound: number;
        readonly costs: Float64Array;
      })[];
      readonly statistics: SolveStatistics;
    }
  | { readonly kind: 'unsatisfiable' };

/** The clauses of a problem as a set over all its variables. */
export function clauseSetOf(problem: Problem): ClauseSet {
  const clauses = problem.clauses.map(({ negative, positive }, id) => ({ id, negative, positive }));
  return makeClauseSet(problem.variables.length, clauses);
}

/**
 * Finds the least valid set: what is forced, what nothing can ask for, then each independent part by itself. `stop` is asked now and
 * then; once it says so, the best set known is returned, as not proven.
 */
export function solve(problem: Problem, objective: Objective, stop: () => boolean, causes?: Causes): Solution {
  const set = clauseSetOf(problem);
  const values: Values = new Int8Array(set.size);
  if (settle(set, values, [...set.clauses.keys()], causes) !== undefined) return { kind: 'unsatisfiable' };
  const forced = values.filter((it) => it === IN).length;
  const components = splitComponents(set, values);
  const solved = [];
  let nodes = 0;
  for (const component of components) {
    const costs = flattenCosts(
      component.global.map((it) => objective.costOf(problem.variables[it]!)),
      objective.levels,
    );
    const outcome = searchComponent(component, costs, stop);
    nodes += outcome.nodes;
    if (outcome.kind === 'infeasible') return { kind: 'unsatisfiable' };
    const chosen = outcome.values ?? anyValid(component.set);
    if (!chosen) return { kind: 'unsatisfiable' };
    for (const [i, value] of chosen.entries()) values[component.global[i]!] = value;
    const cost = costs.reduce((sum, it, i) => sum + (chosen[i] === IN ? it : 0), 0);
    const proven = outcome.kind === 'optimal';
    solved.push({
      component,
      costs,
      cost,
      lowerBound: proven ? cost : outcome.lowerBound,
      tree: proven ? outcome.tree : undefined,
    });
  }
  return {
    kind: 'solved',
    values,
    proven: solved.every((it) => it.tree !== undefined),
    components: solved,
    statistics: {
      candidates: problem.packages,
      clauses: problem.clauses.length,
      forced,
      components: components.length,
      largest: Math.max(0, ...components.map((it) => it.global.length)),
      nodes,
    },
  };
}

/** Some valid assignment, by trying the members of an open clause in turn; for when the time is over before any was found. */
function anyValid(set: ClauseSet): Values | undefined {
  const attempt = (values: Values, pending: number[]): Values | undefined => {
    if (settle(set, values, pending) !== undefined) return undefined;
    const open = values.indexOf(0);
    if (open < 0) return values;
    for (const side of [OUT, IN]) {
      const child = values.slice();
      child[open] = side;
      const found = attempt(child, [...set.having[open]!]);
      if (found) return found;
    }
    return undefined;
  };
  return attempt(new Int8Array(set.size), [...set.clauses.keys()]);
}
