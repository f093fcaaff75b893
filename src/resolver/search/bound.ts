import type { FlatCosts } from './objective.ts';
import { IN, type LocalClause, OUT, type Values } from './propagate.ts';

/** Multiplier of each clause, by position in a clause set, in whole 1/scale cost units; never negative. */
export type Multipliers = ReadonlyMap<number, number>;

/** A lower bound on the cost of every set that agrees with the values, and what each open variable adds to it. */
export interface Bound {
  /** In 1/scale cost units. */
  readonly total: number;
  /** For each open variable: at least this is added when it is in (positive), or when it is out (negative: its opposite). */
  readonly reduced: Float64Array;
}

/**
 * The Lagrangian bound: each clause, read as `Σ positive - Σ negative ≥ 1 - |negative|`, times its multiplier, is taken from the
 * cost; what is left is least when every open variable takes the cheaper side. It holds for any multipliers ≥ 0.
 */
export function lagrangianBound(
  { costs, scale }: FlatCosts,
  clauses: readonly LocalClause[],
  values: Values,
  multipliers: Multipliers,
): Bound {
  const reduced = costs.map((cost) => cost * scale);
  let total = 0;
  for (const [number, multiplier] of multipliers) {
    const clause = clauses[number]!;
    total += multiplier * (1 - clause.negative.length);
    for (const variable of clause.positive) reduced[variable]! -= multiplier;
    for (const variable of clause.negative) reduced[variable]! += multiplier;
  }
  for (let variable = 0; variable < reduced.length; variable += 1) {
    const cost = reduced[variable]!;
    if (values[variable] === IN || (values[variable] !== OUT && cost < 0)) total += cost;
  }
  return { total, reduced };
}
