import { formatAlternatives } from '../../formats/debian/relation.ts';
import type { PackageRecord } from '../../model/package.ts';
import { type ResolveRequest, stateRequest } from '../request.ts';
import { type ResolvedPackage, resolve } from '../resolve.ts';
import type { Universe } from '../universe/universe.ts';

/** A relation of the set that the package could meet, and what meets it instead. */
export interface Passed {
  readonly by: string;
  readonly field: string;
  readonly relation: string;
  readonly metBy: readonly string[];
}

export type WhyNotReport =
  | { readonly kind: 'unknown'; readonly name: string; readonly nearest: readonly string[] }
  | { readonly kind: 'in'; readonly name: string }
  | {
      readonly kind: 'impossible';
      readonly package: PackageRecord;
      readonly passed: readonly Passed[];
      readonly explanation: readonly string[];
    }
  | {
      readonly kind: 'possible';
      readonly package: PackageRecord;
      readonly passed: readonly Passed[];
      /** What the least set with it would have more and less, and how much larger (KiB) it would be. */
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly largerKiB: number;
    };

/**
 * Why a package is not in the set that answers a request: it is unknown, nothing asks for it, something else meets what asks for it,
 * or it contradicts the rest. Throws what `resolve` throws.
 */
export function whyNot(
  universe: Universe,
  request: ResolveRequest,
  packages: readonly ResolvedPackage[],
  name: string,
): WhyNotReport {
  const stated = stateRequest(universe, request);
  const record = stated.selection.chosen(name);
  if (!record) return { kind: 'unknown', name, nearest: universe.nearest(name) };
  const before = new Map(packages.map((it) => [it.name, it]));
  if (before.has(name)) return { kind: 'in', name };
  const passed = relationsPassed(stated, before, name);
  const root = { relation: name, why: { kind: 'spec', field: 'why-not' } } as const;
  const outcome = resolve(universe, { ...request, roots: [...request.roots, root], prove: false });
  if (outcome.kind === 'unsatisfiable') {
    return { kind: 'impossible', package: record, passed, explanation: outcome.explanation };
  }
  const after = new Set(outcome.packages.map((it) => it.name));
  const sizeBefore = packages.reduce((sum, it) => sum + it.installedSizeKiB, 0);
  return {
    kind: 'possible',
    package: record,
    passed,
    added: [...after].filter((it) => !before.has(it)),
    removed: [...before.keys()].filter((it) => !after.has(it)),
    largerKiB: outcome.installedSizeKiB - sizeBefore,
  };
}

function relationsPassed(
  { problem }: ReturnType<typeof stateRequest>,
  set: ReadonlyMap<string, unknown>,
  name: string,
): Passed[] {
  return problem.clauses.flatMap(({ origin, positive }): Passed[] => {
    const members = positive.filter((it) => it < problem.packages).map((it) => problem.variables[it]!.name);
    if (origin.kind !== 'depends' || !members.includes(name)) return [];
    const by = problem.variables[origin.by]!.name;
    const relation = formatAlternatives(origin.group);
    return set.has(by) ? [{ by, field: origin.field, relation, metBy: members.filter((it) => set.has(it)) }] : [];
  });
}

const mebibytes = (sizeKiB: number): string => `${(Math.abs(sizeKiB) / 1024).toFixed(1)} MiB`;

/** A report as lines for a terminal. */
export function renderWhyNot(report: WhyNotReport): string[] {
  if (report.kind === 'unknown') {
    const near = report.nearest.length > 0 ? `; nearest names: ${report.nearest.join(', ')}` : '';
    return [`these sources have no ${report.name}${near}`];
  }
  if (report.kind === 'in') return [`${report.name} is in`];
  const { name, version } = report.package;
  const lines = [`${name} ${version} is not in`];
  for (const { by, field, relation, metBy } of report.passed) {
    lines.push(`  ${by} ${field}: ${relation}, ${metBy.length > 0 ? `met by ${metBy.join(', ')}` : 'not followed'}`);
  }
  if (report.passed.length === 0) lines.push('  nothing in the set asks for it');
  if (report.kind === 'impossible')
    return [...lines, '  with it there is no valid set:', ...report.explanation.map((it) => `    ${it}`)];
  const { added, removed, largerKiB } = report;
  lines.push(`  with it the set would be ${mebibytes(largerKiB)} ${largerKiB < 0 ? 'smaller' : 'larger'}`);
  if (added.length > 0) lines.push(`    more: ${added.join(', ')}`);
  if (removed.length > 0) lines.push(`    less: ${removed.join(', ')}`);
  return lines;
}
