import type { PackageRecord } from '../model/package.ts';
import type { Resolution } from '../model/spec.ts';
import type { Variable } from './problem.ts';

/** What is minimised, most important first; each level counts only where all before it are equal. */
export interface Objective {
  readonly levels: number;
  /** Whole numbers, one a level; the last is 1 for a package, so that nothing is free. */
  readonly costOf: (variable: Variable) => readonly number[];
}

/** A weight for a package's known vulnerabilities: a whole number, 0 where there are none. */
export type VulnerabilityWeight = (record: PackageRecord) => number;

/** Avoided packages, Recommends not followed, preferences not met, the spec's own objective, packages. */
export function makeObjective(
  resolution: Pick<Resolution, 'avoid' | 'objective'>,
  vulnerabilities: VulnerabilityWeight = () => 0,
): Objective {
  const avoided = new Set(resolution.avoid);
  const own: Record<Resolution['objective'], (record: PackageRecord) => readonly number[]> = {
    'installed-size': (record) => [0, record.installedSizeKiB],
    packages: (record) => [1, record.installedSizeKiB],
    'download-size': (record) => [0, record.sizeBytes],
    vulnerabilities: (record) => [vulnerabilities(record), record.installedSizeKiB],
  };
  return {
    levels: 6,
    costOf: (variable) =>
      variable.kind === 'package'
        ? [avoided.has(variable.record.name) ? 1 : 0, 0, 0, ...own[resolution.objective](variable.record), 1]
        : [0, variable.wish === 'recommends' ? 1 : 0, variable.wish === 'prefer' ? 1 : 0, 0, 0, 1],
  };
}

/**
 * One whole number for each variable, such that sums of them compare as sums of their levels do. Throws where that needs more than 53
 * bits (a component would need terabytes of packages).
 */
export function flattenCosts(costs: readonly (readonly number[])[], levels: number): Float64Array {
  const flat = new Float64Array(costs.length);
  let unit = 1;
  for (let level = levels - 1; level >= 0; level -= 1) {
    let sum = 0;
    costs.forEach((cost, i) => {
      flat[i]! += cost[level]! * unit;
      sum += cost[level]!;
    });
    unit *= sum + 1;
  }
  if (unit > 2 ** 46) throw new Error(`internal: costs of ${costs.length} packages do not fit into one number`);
  return flat;
}
