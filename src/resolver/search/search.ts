import { type Bound, lagrangianBound, type Multipliers } from './bound.ts';
import type { Component } from './component.ts';
import { solveLinear } from './linear.ts';
import type { FlatCosts } from './objective.ts';
import { type ClauseSet, IN, OUT, settle, type Values } from './propagate.ts';

/** A node of the branch tree as it is found, over a component's numbers. */
export interface SearchNode {
  multipliers?: Multipliers;
  branch?: { on: number; in: SearchNode; out: SearchNode };
}

export type SearchOutcome =
  | {
      readonly kind: 'optimal';
      readonly values: Values;
      readonly cost: number;
      readonly tree: SearchNode;
      readonly nodes: number;
    }
  | { readonly kind: 'infeasible'; readonly nodes: number }
  | {
      readonly kind: 'stopped';
      readonly values: Values | undefined;
      readonly cost: number;
      readonly lowerBound: number;
      readonly nodes: number;
    };

interface Search {
  readonly set: ClauseSet;
  readonly flat: FlatCosts;
  readonly stop: () => boolean;
  best: Values | undefined;
  bestCost: number;
  nodes: number;
  rootBound: number;
  stopped: boolean;
}

/**
 * Finds the least assignment of a component (costs are positive whole numbers; of equally cheap ones that whose names come first) by
 * branch and bound on its linear relaxation, and keeps the tree as a proof. `stop` is asked at each node. With a best set `known`
 * from an earlier search the tree is only what its proof needs.
 */
export function searchComponent(
  component: Component,
  flat: FlatCosts,
  stop: () => boolean,
  known?: { readonly values: Values; readonly cost: number },
): SearchOutcome {
  const search: Search = {
    set: component.set,
    flat,
    stop,
    best: known?.values,
    bestCost: known?.cost ?? Number.POSITIVE_INFINITY,
    nodes: 0,
    rootBound: 0,
    stopped: false,
  };
  const values: Values = new Int8Array(component.set.size);
  const tree = explore(search, values, [...component.set.clauses.keys()]);
  const { best, bestCost, nodes } = search;
  if (search.stopped)
    return {
      kind: 'stopped',
      values: best,
      cost: bestCost,
      lowerBound: Math.ceil(search.rootBound / flat.scale),
      nodes,
    };
  if (!best) return { kind: 'infeasible', nodes };
  return { kind: 'optimal', values: best, cost: bestCost, tree, nodes };
}

/** Explores what agrees with `values` (changed in place) after propagating from the clauses in `pending`. */
function explore(search: Search, values: Values, pending: number[]): SearchNode {
  search.nodes += 1;
  if (search.stop()) search.stopped = true;
  if (search.stopped || settle(search.set, values, pending) !== undefined) return {};
  const { x, bound, multipliers } = relax(search, values);
  if (search.nodes === 1) search.rootBound = bound.total;
  if (isWhole(x)) offer(search, x.map(Math.round));
  const node: SearchNode = { multipliers };
  if (bound.total > search.bestCost * search.flat.scale) return node;
  const { broken, fixed } = fixByCost(search, values, bound);
  if (broken || isNoBetter(search, values, bound)) return node;
  const on = chooseBranch(search, values, x, bound);
  if (on < 0) {
    offer(
      search,
      values.map((it) => (it === IN ? 1 : 0)),
    );
    return node;
  }
  // What the relaxation leans to goes first, so that a good set is found early; on ties in comes first, as its names do.
  const inFirst = x[on]! >= 0.5 || bound.total > (search.bestCost - 1) * search.flat.scale;
  const sides = inFirst ? ([IN, OUT] as const) : ([OUT, IN] as const);
  const [first, second] = sides.map((side) => descend(search, values, on, side));
  if (!fixed) delete node.multipliers;
  node.branch = inFirst ? { on, in: first!, out: second! } : { on, in: second!, out: first! };
  return node;
}

function descend(search: Search, values: Values, on: number, side: number): SearchNode {
  const child = values.slice();
  child[on] = side;
  return explore(search, child, [...search.set.having[on]!]);
}

/** Solves the linear relaxation of what is open, and states its multipliers as an exact bound. */
function relax(search: Search, values: Values): { x: Float64Array; bound: Bound; multipliers: Multipliers } {
  const { set, flat } = search;
  const open: number[] = [];
  const local = new Int32Array(set.size);
  for (let variable = 0; variable < set.size; variable += 1) {
    if (values[variable] === 0) local[variable] = open.push(variable) - 1;
  }
  const isOpen = (it: number): boolean => values[it] === 0;
  const renumber = (it: number): number => local[it]!;
  const rows = set.clauses.flatMap((clause, id) =>
    clause.negative.some((it) => values[it] === OUT) || clause.positive.some((it) => values[it] === IN)
      ? []
      : [
          {
            id,
            negative: clause.negative.filter(isOpen).map(renumber),
            positive: clause.positive.filter(isOpen).map(renumber),
          },
        ],
  );
  const solution = solveLinear(
    Float64Array.from(open, (it) => flat.costs[it]!),
    rows,
  );
  const x = Float64Array.from(values, (it) => (it === IN ? 1 : 0));
  for (const [i, variable] of open.entries()) x[variable] = solution.kind === 'optimal' ? solution.x[i]! : 0.5;
  const multipliers = new Map<number, number>();
  for (const [row, multiplier] of solution.multipliers) {
    const whole = Math.round(multiplier * flat.scale);
    if (whole > 0) multipliers.set(rows[row]!.id, whole);
  }
  return { x, bound: lagrangianBound(flat, set.clauses, values, multipliers), multipliers };
}

const isWhole = (x: Float64Array): boolean => x.every((share) => Math.abs(share - Math.round(share)) < 1e-6);

/** Takes a set as the best so far if it is valid and better. */
function offer(search: Search, shares: ArrayLike<number>): void {
  const values: Values = Int8Array.from(shares, (it) => (it > 0 ? IN : OUT));
  const holds = search.set.clauses.every(
    ({ negative, positive }) => negative.some((it) => values[it] === OUT) || positive.some((it) => values[it] === IN),
  );
  if (!holds) return;
  let cost = 0;
  for (let variable = 0; variable < values.length; variable += 1)
    if (values[variable] === IN) cost += search.flat.costs[variable]!;
  if (cost > search.bestCost || (cost === search.bestCost && !comesFirst(values, search.best!))) return;
  search.best = values;
  search.bestCost = cost;
}

/** Whether the sorted names of `a` come before those of `b`: whoever has the first name that only one of them has. */
function comesFirst(a: Values, b: Values): boolean {
  const differing = a.findIndex((value, variable) => value !== b[variable]);
  return differing >= 0 && a[differing] === IN;
}

/** Gives the open variables whose one side would cost more than the best their other side, and tells whether that breaks a clause. */
function fixByCost(search: Search, values: Values, bound: Bound): { broken: boolean; fixed: boolean } {
  const limit = search.bestCost * search.flat.scale;
  const pending: number[] = [];
  bound.reduced.forEach((cost, variable) => {
    if (values[variable] !== 0 || bound.total + Math.abs(cost) <= limit) return;
    values[variable] = cost > 0 ? OUT : IN;
    pending.push(...search.set.having[variable]!);
  });
  const fixed = pending.length > 0;
  return { broken: settle(search.set, values, pending) !== undefined, fixed };
}

/** Whether everything here costs at least as much as the best, and no equally cheap set's names come first. */
function isNoBetter(search: Search, values: Values, bound: Bound): boolean {
  if (bound.total <= (search.bestCost - 1) * search.flat.scale) return false;
  const differing = values.findIndex((value, variable) => value !== search.best![variable]);
  return differing < 0 || values[differing] === OUT;
}

/** Where the bound has a gap: the share furthest from whole, by cost. Where it has none, only names are left to compare: the first open one. */
function chooseBranch(search: Search, values: Values, x: Float64Array, bound: Bound): number {
  const open = (variable: number): boolean => values[variable] === 0;
  if (bound.total > (search.bestCost - 1) * search.flat.scale) return values.indexOf(0);
  let chosen = values.indexOf(0);
  const weight = (variable: number): number => Math.min(x[variable]!, 1 - x[variable]!) * search.flat.costs[variable]!;
  for (let variable = 0; variable < values.length; variable += 1) {
    if (open(variable) && weight(variable) > weight(chosen) * (1 + 1e-9)) chosen = variable;
  }
  return chosen;
}
