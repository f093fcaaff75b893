import { type Component, splitComponents } from './component.ts';
import { type FlatCosts, flattenCosts, type Objective } from './objective.ts';
import type { Problem } from './problem.ts';
import { type ClauseSet, IN, makeClauseSet, OUT, settle, type Values } from './propagate.ts';
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

/** The least set of one part; cost and bound are in its own units (`flattenCosts`), and equal where it is proven. */
export interface SolvedComponent {
  readonly component: Component;
  readonly chosen: Values;
  readonly cost: number;
  readonly lowerBound: number;
  /** Multipliers in the tree are whole numbers of 1/scale cost units. */
  readonly scale: number;
  /** Undefined where the search was stopped, or the costs are not exact. */
  readonly tree: SearchNode | undefined;
  readonly nodes: number;
}

export type Solution =
  | {
      readonly kind: 'solved';
      readonly values: Values;
      /** Whether every part was searched to its end. */
      readonly proven: boolean;
      readonly components: readonly SolvedComponent[];
      readonly statistics: SolveStatistics;
    }
  | { readonly kind: 'unsatisfiable' };

/** The clauses of a problem as a set over all its variables. */
export function clauseSetOf(problem: Problem): ClauseSet {
  const clauses = problem.clauses.map(({ negative, positive }, id) => ({ id, negative, positive }));
  return makeClauseSet(problem.variables.length, clauses);
}

/** When to stop, and whether the trees are wanted as a proof: then they are searched once more, knowing the answer, and come out small. */
export interface SolveOptions {
  readonly stop: () => boolean;
  readonly prove: boolean;
}

/**
 * Finds the least valid set: what is forced, what nothing can ask for, then each independent part by itself. `stop` is asked now and
 * then; once it says so, the best set known is returned, as not proven.
 */
export function solve(problem: Problem, objective: Objective, options: SolveOptions): Solution {
  const set = clauseSetOf(problem);
  const values: Values = new Int8Array(set.size);
  if (settle(set, values, [...set.clauses.keys()]) !== undefined) return { kind: 'unsatisfiable' };
  const forced = values.filter((it) => it === IN).length;
  const components: SolvedComponent[] = [];
  for (const component of splitComponents(set, values)) {
    const costs = component.global.map((it) => objective.costOf(problem.variables[it]!));
    const solved = solveComponent(component, flattenCosts(costs, objective.levels), options);
    if (!solved) return { kind: 'unsatisfiable' };
    for (const [i, value] of solved.chosen.entries()) values[component.global[i]!] = value;
    components.push(solved);
  }
  return {
    kind: 'solved',
    values,
    proven: components.every((it) => it.tree !== undefined),
    components,
    statistics: {
      candidates: problem.packages,
      clauses: problem.clauses.length,
      forced,
      components: components.length,
      largest: Math.max(0, ...components.map((it) => it.component.global.length)),
      nodes: components.reduce((sum, it) => sum + it.nodes, 0),
    },
  };
}

/** Undefined where the part has no valid assignment. */
function solveComponent(component: Component, flat: FlatCosts, options: SolveOptions): SolvedComponent | undefined {
  const first = searchComponent(component, flat, options.stop);
  if (first.kind === 'infeasible') return undefined;
  const chosen = first.values ?? anyValid(component.set);
  if (!chosen) return undefined;
  const cost = flat.costs.reduce((sum, it, i) => sum + (chosen[i] === IN ? it : 0), 0);
  const { nodes } = first;
  const unproven = { component, chosen, cost, scale: flat.scale, tree: undefined, nodes };
  if (first.kind === 'stopped') return { ...unproven, lowerBound: flat.exact ? first.lowerBound : 0 };
  if (!flat.exact) return { ...unproven, lowerBound: 0 };
  const again =
    options.prove && nodes > 1 ? searchComponent(component, flat, options.stop, { values: chosen, cost }) : first;
  const smaller = again.kind === 'optimal' && again.nodes <= nodes ? again : first;
  return { ...unproven, lowerBound: cost, tree: smaller.tree };
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
