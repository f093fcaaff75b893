import type { ImageFacts } from '../../model/access.ts';
import type { ImageVersion } from '../../model/build.ts';
import type { ValidationReport } from '../../model/finding.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { TestResult } from '../../ports/test-bed.ts';
import { passes } from '../../validator/validate.ts';
import type { PolicyTestResults } from './judge-tests.ts';

export interface FactSources {
  readonly version: ImageVersion;
  readonly spec: ImageSpec;
  /** By the packs of all copies, as the policies stand now. */
  readonly report: ValidationReport;
  readonly results: PolicyTestResults;
  /** A test that packs of all copies name stands in the way. */
  readonly obstacle?: string;
  readonly inventory: Pick<Inventory, 'vulnerabilities' | 'vulnerabilitiesKnown'>;
}

/** What access policies see of a version. */
export function imageFactsOf(sources: FactSources): ImageFacts {
  const { version, spec, report, results, obstacle } = sources;
  const own = (version.facts.tests ?? []) as readonly TestResult[];
  const asked = [...own, ...Object.values(results)];
  return {
    image: version.image,
    version: version.version,
    labels: spec.labels,
    release: spec.os.release,
    architecture: spec.os.architecture,
    createdAt: version.createdAt,
    encrypted: version.facts.encrypted === true,
    testsPassed: own.length > 0 && own.every((it) => it.passed) && obstacle === undefined,
    tests: [...new Set(asked.filter((it) => it.passed).map((it) => it.name))].sort(),
    packsPassed: report.passed,
    packs: packsPassed(report),
    vulnerabilities: countVulnerabilities(sources),
  };
}

function packsPassed({ verdicts }: ValidationReport): string[] {
  const packs = [...new Set(verdicts.map((it) => it.pack))].sort();
  return packs.filter((pack) => verdicts.every((it) => it.pack !== pack || passes(it)));
}

const GRADES = ['critical', 'high', 'medium', 'low'] as const;

/** Each vulnerability once, however many packages of one source are in. Those that nobody graded count as medium. */
function countVulnerabilities({ inventory }: FactSources): ImageFacts['vulnerabilities'] {
  const grades = new Map(inventory.vulnerabilities.map((it) => [`${it.source} ${it.id}`, it.severity]));
  const graded = [...grades.values()].map((it) => (it === 'unknown' ? 'medium' : it));
  const of = (grade: string) => graded.filter((it) => it === grade).length;
  const counted = { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low') };
  const worst = GRADES.find((it) => counted[it] > 0) ?? 'none';
  return { known: inventory.vulnerabilitiesKnown, worst, ...counted };
}
