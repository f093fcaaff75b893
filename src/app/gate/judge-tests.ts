import { targetsOf } from '../../distributor/targets.ts';
import type { ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ImageSpec, ImageTest } from '../../model/spec.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import type { Pack } from '../../validator/pack.ts';
import { askTest } from './ask-test.ts';
import { type PoliciesInForce, policiesInForce } from './judge-policies.ts';

/** How a test that a policy names came out on one disk. */
export interface PolicyTestResult extends TestResult {
  readonly at: string;
}

/** Results by `testKey`: the same test of the same disk is run once, whoever asks for it. */
export type PolicyTestResults = Readonly<Record<string, PolicyTestResult>>;

/** Changes when what is asked changes. */
export function testKey(test: ImageTest): string {
  return digestOf(test).slice(0, 16);
}

const documentOf = (diskDigest: string): string => `policy-tests:${diskDigest}`;

export async function policyTestResults(
  { catalog }: Pick<Ports, 'catalog'>,
  diskDigest: string,
): Promise<PolicyTestResults> {
  return ((await catalog.getDocument(documentOf(diskDigest))) ?? {}) as PolicyTestResults;
}

/** A test that failed is asked again after a while: its machine may have been slow. */
const FAILED_COUNTS_MS = 3_600_000;

function counts(result: PolicyTestResult | undefined, { clock }: Pick<Ports, 'clock'>): boolean {
  return result !== undefined && (result.passed || clock.now() - Date.parse(result.at) < FAILED_COUNTS_MS);
}

type ProbePorts = Pick<Ports, 'catalog' | 'clock' | 'testBed' | 'signal'>;

/** Asks an instance that runs what policies name, each test that this disk did not pass before, and keeps the answers. */
export async function probePolicyTests(
  ports: ProbePorts,
  instance: Instance,
  diskDigest: string,
  tests: readonly ImageTest[],
): Promise<PolicyTestResults> {
  const results: Record<string, PolicyTestResult> = { ...(await policyTestResults(ports, diskDigest)) };
  for (const test of tests) {
    const key = testKey(test);
    if (counts(results[key], ports)) continue;
    results[key] = { ...(await askTest(ports.testBed, instance, test, ports.signal)), at: timestamp(ports.clock) };
    await ports.catalog.putDocument(documentOf(diskDigest), results);
  }
  return results;
}

/** Tests that policies name for an image: those of all copies first, then those of accounts that are to have it (of those asked for). */
export function testsOfPolicies(
  { packs, accounts }: PoliciesInForce,
  spec: ImageSpec,
  asked?: readonly string[],
): ImageTest[] {
  const concerned = accounts.filter((it) => asked?.includes(it.id) ?? true);
  const targeted = concerned.filter((it) => targetsOf(it.id, accounts, spec).kind === 'targeted');
  return [...packs.packs, ...targeted.flatMap((it) => packs.forAccount(it))].flatMap((it) => it.tests);
}

/** Asks a build's test instance what policies ask; why no copy may go anywhere, if a policy of all copies says so. */
export async function probeForPolicies(
  ports: ProbePorts & Pick<Ports, 'specs'>,
  instance: Instance,
  diskDigest: string,
  loaded: LoadedSpec,
): Promise<string | undefined> {
  const policies = await policiesInForce(ports, loaded);
  const results = await probePolicyTests(ports, instance, diskDigest, testsOfPolicies(policies, loaded.spec));
  return testObstacle(policies.packs.packs, results);
}

/** Boots a version for the tests of policies that were never asked of its disk; boots nothing where all were. */
export async function runPolicyTests(
  ports: ProbePorts & Pick<Ports, 'progress'>,
  version: Pick<ImageVersion, 'diskDigest' | 'imageId' | 'image' | 'version'>,
  spec: ImageSpec,
  tests: readonly ImageTest[],
): Promise<PolicyTestResults> {
  const { diskDigest, imageId } = version;
  const known = await policyTestResults(ports, diskDigest);
  const missing = tests.filter((it) => !counts(known[testKey(it)], ports));
  if (missing.length === 0) return known;
  ports.progress.note(`booting ${version.image}@${version.version} for ${missing.length} tests of policies`);
  // What failed before is asked of another instance.
  const before = missing.map((it) => known[testKey(it)]?.at ?? '');
  const key = `${imageId}-policy-${digestOf({ missing, before }).slice(0, 12)}`;
  const launch = { diskDigest, imageId, ports: spec.application.ports, key, account: 'test' };
  const instance = await ports.testBed.launch(launch, ports.signal);
  try {
    return await probePolicyTests(ports, instance, diskDigest, missing);
  } finally {
    await ports.testBed.stop(instance);
  }
}

/** Why some packs' tests stand in the way: one that failed, or was not run yet; undefined where all passed. */
export function testObstacle(packs: readonly Pack[], results: PolicyTestResults): string | undefined {
  for (const pack of packs) {
    for (const test of pack.tests) {
      const result = results[testKey(test)];
      if (!result) return `a test of ${pack.name} was not run yet: ${test.name ?? JSON.stringify(test)}`;
      if (!result.passed)
        return `a test of ${pack.name} failed: ${result.name}${result.detail ? `: ${result.detail}` : ''}`;
    }
  }
  return undefined;
}
