import type { PackageRecord } from '../../model/package.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Variable } from './problem.ts';

/** What is minimised, most important first; each level counts only where all before it are equal. */
export interface Objective {
  readonly levels: number;
  /** Whole numbers, one a level; the last is 1 for a package, so that nothing is free. */
  readonly costOf: (variable: Variable) => readonly number[];
}

/** How much worse a set is for having a package, by `NAME@VERSION`: a whole number, 0 for what is not here. */
export type Weights = ReadonlyMap<string, number>;

/** A package's weight. Throws `Error('internal: …')` where it is not a whole number from 0 to 2^31. */
export function weightOf(weights: Weights | undefined, name: string, version: string): number {
  const weight = weights?.get(`${name}@${version}`) ?? 0;
  if (Number.isInteger(weight) && weight >= 0 && weight <= 2 ** 31) return weight;
  throw new Error(`internal: ${name}@${version} weighs ${weight}`);
}

/** Avoided packages, Recommends not followed, preferences not met, the spec's own objective, packages. */
export function makeObjective(resolution: Pick<Resolution, 'avoid' | 'objective'>, weights?: Weights): Objective {
  const avoided = new Set(resolution.avoid);
  const own: Record<Resolution['objective'], (record: PackageRecord) => readonly number[]> = {
    'installed-size': (record) => [0, record.installedSizeKiB],
    packages: (record) => [1, record.installedSizeKiB],
    'download-size': (record) => [0, Math.ceil(record.sizeBytes / 1024)],
    vulnerabilities: (record) => [weightOf(weights, record.name, record.version), record.installedSizeKiB],
  };
  return {
    levels: 6,
    costOf: (variable) =>
      variable.kind === 'package'
        ? [avoided.has(variable.record.name) ? 1 : 0, 0, 0, ...own[resolution.objective](variable.record), 1]
        : [0, variable.wish === 'recommends' ? 1 : 0, variable.wish === 'prefer' ? 1 : 0, 0, 0, 1],
  };
}

/** Levels of cost as one whole number a variable. */
export interface FlatCosts {
  readonly costs: Float64Array;
  /** Bounds are computed in whole 1/scale units of these costs, which keeps them exact in 53 bits. */
  readonly scale: number;
  /** False where the last levels had to be left out to fit: then a least set by these costs may not be the least. */
  readonly exact: boolean;
}

const FINEST_SCALE = 64;

/** Makes one number of the levels of each variable, such that sums of them compare as sums of the levels do. */
export function flattenCosts(costs: readonly (readonly number[])[], levels: number): FlatCosts {
  for (let kept = levels; ; kept -= 1) {
    const flat = new Float64Array(costs.length);
    let unit = 1;
    for (let level = kept - 1; level >= 0; level -= 1) {
      let sum = 0;
      for (const [i, cost] of costs.entries()) {
        flat[i]! += cost[level]! * unit;
        sum += cost[level]!;
      }
      unit *= sum + 1;
    }
    const room = 2 ** Math.floor(52 - Math.log2(unit));
    if (room >= 1) return { costs: flat, scale: Math.min(FINEST_SCALE, room), exact: kept === levels };
  }
}
