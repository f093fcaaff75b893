import { type ClauseSet, IN, type LocalClause, makeClauseSet, propagate, type Values } from './propagate.ts';

/** How many branches a search for a contradiction may take before it is given up as not worth telling. */
const BRANCH_LIMIT = 20_000;

/** Some clauses that contradict each other, or undefined where they do not or where that is too hard to show. */
function contradiction(set: ClauseSet, budget: { left: number }): Set<number> | undefined {
  const search = (values: Values, pending: number[], causes: Int32Array): Set<number> | undefined => {
    const broken = propagate(set, values, pending, causes);
    if (broken !== undefined) return traceBack(set, broken, causes);
    budget.left -= 1;
    const open = budget.left > 0 ? smallestOpen(set, values) : undefined;
    if (!open) return undefined;
    const used = new Set<number>([set.clauses.indexOf(open)]);
    for (const member of open.positive) {
      if (values[member] !== 0) continue;
      const child = values.slice();
      child[member] = IN;
      const below = search(child, [...set.having[member]!], causes.slice());
      if (!below) return undefined;
      for (const number of below) used.add(number);
    }
    return withTrace(set, open, used, causes);
  };
  return search(new Int8Array(set.size), [...set.clauses.keys()], new Int32Array(set.size).fill(-1));
}

/** The open clause, of those whose askers are all in, with the fewest members to try. */
function smallestOpen(set: ClauseSet, values: Values): LocalClause | undefined {
  let best: LocalClause | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const clause of set.clauses) {
    if (!clause.negative.every((it) => values[it] === IN) || clause.positive.some((it) => values[it] === IN)) continue;
    const open = clause.positive.filter((it) => values[it] === 0).length;
    if (open > 0 && open < fewest) {
      best = clause;
      fewest = open;
    }
  }
  return best;
}

/** All clauses behind a broken one. */
function traceBack(set: ClauseSet, broken: number, causes: Int32Array): Set<number> {
  const used = new Set([broken]);
  for (const number of used) {
    const { negative, positive } = set.clauses[number]!;
    for (const variable of [...negative, ...positive]) if (causes[variable]! >= 0) used.add(causes[variable]!);
  }
  return used;
}

function withTrace(set: ClauseSet, open: LocalClause, used: Set<number>, causes: Int32Array): Set<number> {
  for (const number of traceBack(set, set.clauses.indexOf(open), causes)) used.add(number);
  return used;
}

/**
 * A smallest-by-inclusion part of the clauses that cannot hold together (leaving out any one of them makes it hold), as their ids in
 * order; undefined where that is too hard to find.
 */
export function minimalCore(size: number, clauses: readonly LocalClause[]): number[] | undefined {
  const budget = { left: BRANCH_LIMIT };
  const first = contradiction(makeClauseSet(size, clauses), budget);
  if (!first) return undefined;
  let core = [...first].sort((a, b) => a - b).map((number) => clauses[number]!);
  // Later clauses go first: those near the roots, which a reader knows, are kept.
  for (const clause of [...core].reverse()) {
    if (!core.includes(clause)) continue;
    const rest = core.filter((it) => it !== clause);
    const smaller = contradiction(makeClauseSet(size, rest), budget);
    if (smaller) core = rest.filter((_, number) => smaller.has(number));
  }
  return core.map((it) => it.id);
}
