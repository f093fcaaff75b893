import type { Finding, ValidationReport } from '../model/finding.ts';
import type { Lock } from '../model/lock.ts';

/** Additions to one list of a spec, and the findings that they would mend. */
export interface SpecChange {
  /** Such as `resolution.includeFiles`. */
  readonly field: string;
  readonly add: readonly unknown[];
  readonly mends: readonly string[];
}

/** Changes of the spec that would mend the findings of a report, one for each field, sorted; waived findings need none. */
export function proposeChanges({ verdicts }: ValidationReport): SpecChange[] {
  const findings = verdicts.flatMap((it) => it.findings).filter((it) => it.fix && !it.waived);
  return [...Map.groupBy(findings, (it) => it.fix!.field)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, found]) => ({ field, add: distinct(found), mends: [...new Set(found.map((it) => it.message))] }));
}

function distinct(findings: readonly Finding[]): unknown[] {
  const byText = new Map(findings.map((it) => [JSON.stringify(it.fix!.add), it.fix!.add]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** How a missing file, command or library is brought in: by its path, or else by the package that has it, unless all of that is locked. */
export function includeFix(
  missing: string,
  provider: string | undefined,
  { packages }: Pick<Lock, 'packages'> = { packages: [] },
): Finding['fix'] {
  const [path] = /^\/[^\s]+/.exec(missing) ?? [];
  if (path !== undefined) return { field: 'resolution.includeFiles', add: path };
  const isWhole = packages.some((it) => it.name === provider && it.files === undefined);
  return provider === undefined || isWhole ? undefined : { field: 'resolution.include', add: provider };
}

/** How a file is left out. */
export function removeFix(path: string): Finding['fix'] {
  return { field: 'minimize.remove', add: path };
}

/** How a folder is made at each boot. */
export function folderFix(path: string, owner: string, group: string): Finding['fix'] {
  return {
    field: 'application.run.directories',
    add: { path, owner: owner || 'root', group: group || owner || 'root' },
  };
}
