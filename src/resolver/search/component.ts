import { type ClauseSet, IN, type LocalClause, makeClauseSet, OUT, type Values } from './propagate.ts';

/** A part of the problem whose variables share no open clause with any other; numbered anew, in the same order. */
export interface Component {
  readonly set: ClauseSet;
  /** The problem's number of each variable. */
  readonly global: readonly number[];
}

/** What is open of a clause under the values: undefined where it holds already. */
function reduced(clause: LocalClause, values: Values): LocalClause | undefined {
  if (clause.negative.some((it) => values[it] === OUT) || clause.positive.some((it) => values[it] === IN))
    return undefined;
  const open = (it: number): boolean => values[it] === 0;
  return { id: clause.id, negative: clause.negative.filter(open), positive: clause.positive.filter(open) };
}

/** Splits what the values leave open into independent parts, in the order of their first variables. */
export function splitComponents(set: ClauseSet, values: Values): Component[] {
  const parent = Int32Array.from({ length: set.size }, (_, i) => i);
  const find = (variable: number): number => {
    let top = variable;
    while (parent[top] !== top) top = parent[top]!;
    parent[variable] = top;
    return top;
  };
  const open = set.clauses.flatMap((clause) => reduced(clause, values) ?? []);
  for (const clause of open) {
    const [first = 0, ...rest] = [...clause.negative, ...clause.positive];
    for (const variable of rest) parent[find(variable)] = find(first);
  }
  const parts = new Map<number, { global: number[]; clauses: LocalClause[] }>();
  const local = new Int32Array(set.size);
  for (let variable = 0; variable < set.size; variable += 1) {
    if (values[variable] !== 0) continue;
    const part = parts.get(find(variable)) ?? { global: [], clauses: [] };
    parts.set(find(variable), part);
    local[variable] = part.global.push(variable) - 1;
  }
  const renumber = (it: number): number => local[it]!;
  for (const { id, negative, positive } of open) {
    const part = parts.get(find(negative[0] ?? positive[0]!))!;
    part.clauses.push({ id, negative: negative.map(renumber), positive: positive.map(renumber) });
  }
  return [...parts.values()].map(({ global, clauses }) => ({ set: makeClauseSet(global.length, clauses), global }));
}
