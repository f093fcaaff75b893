/** A clause over local numbers: at least one of `positive` is in, or one of `negative` is out. `id` is its number in the problem. */
export interface LocalClause {
  readonly id: number;
  readonly negative: readonly number[];
  readonly positive: readonly number[];
}

/** Clauses over variables 0 … size - 1, with the clauses of each variable. */
export interface ClauseSet {
  readonly size: number;
  readonly clauses: readonly LocalClause[];
  /** Numbers, in `clauses`, of the clauses that have the variable. */
  readonly having: readonly (readonly number[])[];
}

export const IN = 1;
export const OUT = -1;

/** What is known of each variable: IN, OUT, or 0. */
export type Values = Int8Array;

/** What made a variable's value known: a clause, or nothing (it was decided, or nothing needs it). */
export type Causes = Int32Array;

export function makeClauseSet(size: number, clauses: readonly LocalClause[]): ClauseSet {
  const having: number[][] = Array.from({ length: size }, () => []);
  clauses.forEach((clause, number) => {
    for (const variable of clause.negative) having[variable]!.push(number);
    for (const variable of clause.positive) having[variable]!.push(number);
  });
  return { size, clauses, having };
}

/**
 * What a clause says under the values: undefined where it holds or leaves a choice, the literal that must hold (`v + 1` for in,
 * `-(v + 1)` for out), or 0 where it is broken.
 */
export function consequence(clause: LocalClause, values: Values): number | undefined {
  let unit = 0;
  for (const variable of clause.negative) {
    if (values[variable] === OUT) return undefined;
    if (values[variable] === IN) continue;
    if (unit !== 0) return undefined;
    unit = -(variable + 1);
  }
  for (const variable of clause.positive) {
    if (values[variable] === IN) return undefined;
    if (values[variable] === OUT) continue;
    if (unit !== 0) return undefined;
    unit = variable + 1;
  }
  return unit;
}

/**
 * Unit propagation from the clauses in `pending` (changed in place), to a fixpoint. Returns the number of a broken clause, or
 * undefined. `causes`, where given, is told the clause behind each new value.
 */
export function propagate(set: ClauseSet, values: Values, pending: number[], causes?: Causes): number | undefined {
  while (pending.length > 0) {
    const number = pending.pop()!;
    const literal = consequence(set.clauses[number]!, values);
    if (literal === undefined) continue;
    if (literal === 0) return number;
    const variable = Math.abs(literal) - 1;
    values[variable] = literal > 0 ? IN : OUT;
    if (causes) causes[variable] = number;
    pending.push(...set.having[variable]!);
  }
  return undefined;
}

/**
 * Variables that nothing can ask for: not in what the clauses, from what is in, lead to. A least set has none of them, since
 * leaving them out breaks nothing and everything costs something.
 */
export function unneeded(set: ClauseSet, values: Values): number[] {
  const reached = new Uint8Array(set.size);
  const queue: number[] = [];
  const follow = (clause: LocalClause): void => {
    if (clause.positive.some((it) => values[it] === IN)) return;
    for (const variable of clause.positive) {
      if (values[variable] !== 0 || reached[variable] === 1) continue;
      reached[variable] = 1;
      queue.push(variable);
    }
  };
  for (const clause of set.clauses) if (clause.negative.every((it) => values[it] === IN)) follow(clause);
  while (queue.length > 0) {
    const variable = queue.pop()!;
    for (const number of set.having[variable]!) {
      const clause = set.clauses[number]!;
      if (clause.negative.includes(variable) && clause.positive.length > 0) follow(clause);
    }
  }
  const found: number[] = [];
  for (let variable = 0; variable < set.size; variable += 1) {
    if (values[variable] === 0 && reached[variable] === 0) found.push(variable);
  }
  return found;
}

/** Propagates and takes out the unneeded, in turn, to a fixpoint. Returns the number of a broken clause, or undefined. */
export function settle(set: ClauseSet, values: Values, pending: number[], causes?: Causes): number | undefined {
  for (;;) {
    const broken = propagate(set, values, pending, causes);
    if (broken !== undefined) return broken;
    const out = unneeded(set, values);
    if (out.length === 0) return undefined;
    for (const variable of out) {
      values[variable] = OUT;
      pending.push(...set.having[variable]!);
    }
  }
}
