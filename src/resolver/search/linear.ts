import type { LocalClause } from './propagate.ts';

/** A linear relaxation's answer: the share of each column that is in, and what each clause contributes to the bound. */
export interface LinearSolution {
  readonly kind: 'optimal' | 'infeasible' | 'stopped';
  readonly x: Float64Array;
  /** Multiplier of each row, by position in the rows given; those not here are 0. Never negative. */
  readonly multipliers: ReadonlyMap<number, number>;
}

const TOLERANCE = 1e-9;

/**
 * One equation of the dictionary: `basic = constant + Σ coefficients[j] · nonbasic[j]`. Columns are numbered 0 … n - 1, and the
 * slack of row i is n + i.
 */
interface Equation {
  basic: number;
  constant: number;
  coefficients: Float64Array;
}

interface Dictionary {
  readonly nonbasic: Int32Array;
  /** Reduced costs of the nonbasic: never negative, which is what the dual simplex keeps. */
  readonly costs: Float64Array;
  readonly equations: Equation[];
  /** Position in `equations` of a basic column or slack. */
  readonly rowOf: Map<number, number>;
  readonly columnOf: Map<number, number>;
}

/**
 * Minimises `costs · x` over x ≥ 0 under each clause read as `Σ positive x - Σ negative x ≥ 1 - |negative|`, by the dual simplex
 * method, taking in a clause only when x breaks it: most never matter. Costs must be positive.
 */
export function solveLinear(costs: Float64Array, rows: readonly LocalClause[], pivotLimit = 20_000): LinearSolution {
  const n = costs.length;
  const dictionary: Dictionary = {
    nonbasic: Int32Array.from({ length: n }, (_, j) => j),
    costs: Float64Array.from(costs),
    equations: [],
    rowOf: new Map(),
    columnOf: new Map(Array.from({ length: n }, (_, j) => [j, j])),
  };
  const taken = new Uint8Array(rows.length);
  let pivots = 0;
  for (;;) {
    const x = valuesOf(dictionary, n);
    const broken = mostBroken(rows, taken, x);
    if (broken.length === 0) return answer('optimal', dictionary, n, x);
    for (const row of broken) {
      taken[row] = 1;
      addRow(dictionary, n, row, rows[row]!);
    }
    const outcome = reoptimise(dictionary, pivotLimit - pivots);
    if (outcome.kind !== 'optimal') return answer(outcome.kind, dictionary, n, valuesOf(dictionary, n));
    pivots += outcome.pivots;
  }
}

function answer(kind: LinearSolution['kind'], dictionary: Dictionary, n: number, x: Float64Array): LinearSolution {
  const multipliers = new Map<number, number>();
  dictionary.nonbasic.forEach((variable, j) => {
    const cost = dictionary.costs[j]!;
    if (variable >= n && cost > TOLERANCE) multipliers.set(variable - n, cost);
  });
  return { kind, x, multipliers };
}

function valuesOf(dictionary: Dictionary, n: number): Float64Array {
  const x = new Float64Array(n);
  for (const { basic, constant } of dictionary.equations) if (basic < n) x[basic] = constant;
  return x;
}

/** Rows that x breaks; the worst ones only, since mending those mends many of the rest. */
function mostBroken(rows: readonly LocalClause[], taken: Uint8Array, x: Float64Array): number[] {
  const broken: { row: number; by: number }[] = [];
  rows.forEach((clause, row) => {
    if (taken[row] === 1) return;
    const by = 1 - clause.negative.length - activity(clause, x);
    if (by > 1e-7) broken.push({ row, by });
  });
  broken.sort((a, b) => b.by - a.by || a.row - b.row);
  return broken.slice(0, 32).map((it) => it.row);
}

function activity(clause: LocalClause, x: Float64Array): number {
  let sum = 0;
  for (const column of clause.positive) sum += x[column]!;
  for (const column of clause.negative) sum -= x[column]!;
  return sum;
}

/** Adds a clause's slack as a basic variable, stated in what is nonbasic now. */
function addRow(dictionary: Dictionary, n: number, row: number, clause: LocalClause): void {
  const equation: Equation = {
    basic: n + row,
    constant: clause.negative.length - 1,
    coefficients: new Float64Array(n),
  };
  for (const column of clause.positive) addTerm(dictionary, equation, column, 1);
  for (const column of clause.negative) addTerm(dictionary, equation, column, -1);
  dictionary.rowOf.set(equation.basic, dictionary.equations.push(equation) - 1);
}

function addTerm(dictionary: Dictionary, equation: Equation, variable: number, factor: number): void {
  const row = dictionary.rowOf.get(variable);
  if (row === undefined) equation.coefficients[dictionary.columnOf.get(variable)!]! += factor;
  else addMultiple(equation, dictionary.equations[row]!, factor);
}

function addMultiple(target: Equation, source: Equation, factor: number): void {
  const to = target.coefficients;
  const from = source.coefficients;
  target.constant += factor * source.constant;
  for (let j = 0; j < to.length; j += 1) {
    const coefficient = from[j]!;
    if (coefficient !== 0) to[j]! += factor * coefficient;
  }
}

function reoptimise(dictionary: Dictionary, limit: number): { kind: LinearSolution['kind']; pivots: number } {
  for (let pivots = 0; ; pivots += 1) {
    // After many pivots the first broken equation is taken instead of the worst (Bland's rule), which cannot cycle.
    const leaving = chooseLeaving(dictionary, pivots > 2_000);
    if (leaving < 0) return { kind: 'optimal', pivots };
    if (pivots >= limit) return { kind: 'stopped', pivots };
    const entering = chooseEntering(dictionary, dictionary.equations[leaving]!);
    if (entering < 0) return { kind: 'infeasible', pivots };
    pivot(dictionary, leaving, entering);
  }
}

function chooseLeaving(dictionary: Dictionary, first: boolean): number {
  let leaving = -1;
  let worst = -1e-7;
  for (const [row, { constant, basic }] of dictionary.equations.entries()) {
    if (constant >= -1e-7) continue;
    if (first ? leaving < 0 || basic < dictionary.equations[leaving]!.basic : constant < worst) {
      leaving = row;
      worst = constant;
    }
  }
  return leaving;
}

/** The column that keeps all reduced costs from going negative; of several the lowest number, so that answers repeat. */
function chooseEntering(dictionary: Dictionary, equation: Equation): number {
  let entering = -1;
  let best = Number.POSITIVE_INFINITY;
  for (let j = 0; j < equation.coefficients.length; j += 1) {
    const coefficient = equation.coefficients[j]!;
    if (coefficient <= 1e-9) continue;
    const ratio = dictionary.costs[j]! / coefficient;
    const tie = ratio === best && dictionary.nonbasic[j]! < dictionary.nonbasic[entering]!;
    if (ratio < best || tie) {
      best = ratio;
      entering = j;
    }
  }
  return entering;
}

/** Exchanges the basic variable of a row with the nonbasic one of a column. */
function pivot(dictionary: Dictionary, row: number, column: number): void {
  const equation = dictionary.equations[row]!;
  const own = equation.coefficients;
  const factor = 1 / own[column]!;
  const entering = dictionary.nonbasic[column]!;
  const leaving = equation.basic;
  for (let j = 0; j < own.length; j += 1) own[j] = own[j] === 0 ? 0 : -own[j]! * factor;
  own[column] = factor;
  equation.constant *= -factor;
  equation.basic = entering;
  const present = presentIn(own);
  for (const other of dictionary.equations) {
    const share = other === equation ? 0 : other.coefficients[column]!;
    if (share === 0) continue;
    other.coefficients[column] = 0;
    other.constant += share * equation.constant;
    addPresent(other.coefficients, own, present, share);
  }
  const share = dictionary.costs[column]!;
  dictionary.costs[column] = 0;
  for (const j of present) dictionary.costs[j] = Math.max(0, dictionary.costs[j]! + share * own[j]!);
  dictionary.nonbasic[column] = leaving;
  dictionary.columnOf.delete(entering);
  dictionary.columnOf.set(leaving, column);
  dictionary.rowOf.delete(leaving);
  dictionary.rowOf.set(entering, row);
}

function presentIn(row: Float64Array): Int32Array {
  const present = new Int32Array(row.length);
  let count = 0;
  for (let j = 0; j < row.length; j += 1) if (row[j] !== 0) present[count++] = j;
  return present.subarray(0, count);
}

/** Adds a multiple of a row that has few coefficients; what rounding leaves of one that is really 0 would become a pivot later. */
function addPresent(target: Float64Array, source: Float64Array, present: Int32Array, factor: number): void {
  for (let i = 0; i < present.length; i += 1) {
    const j = present[i]!;
    const sum = target[j]! + factor * source[j]!;
    target[j] = sum < 1e-11 && sum > -1e-11 ? 0 : sum;
  }
}
