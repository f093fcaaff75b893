import { makeAsker } from '../../distributor/access/ask.ts';
import type { WholeUnit } from '../../distributor/plan.ts';
import type { ImageFacts } from '../../model/access.ts';
import type { ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ImageTest } from '../../model/spec.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { openVersion } from './examination.ts';
import { type AccountJudgement, judgeAccount, type Recorder, wholeUnits } from './judge-account.ts';
import { imageFactsOf } from './judge-facts.ts';
import { type PoliciesInForce, policiesInForce } from './judge-policies.ts';
import {
  type PolicyTestResults,
  policyTestResults,
  runPolicyTests,
  testObstacle,
  testsOfPolicies,
} from './judge-tests.ts';

export type { AccountJudgement };

export type JudgePorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'source' | 'progress' | 'advisories'> &
  Partial<Pick<Ports, 'testBed' | 'signal'>>;

export interface Purpose {
  /** What asks: judge, share, launch, can, … */
  readonly askedBy: string;
  /** Idempotency key: the same purpose asked for again records nothing new. */
  readonly key: string;
}

export interface Judgement {
  readonly version: ImageVersion;
  readonly facts: ImageFacts;
  /** Sorted by account. */
  readonly accounts: readonly AccountJudgement[];
  /** Units that may be named as a whole instead of their accounts. */
  readonly units: readonly WholeUnit[];
  /** What is wrong with policy files or advisories, when older ones stand in for them. */
  readonly warnings: readonly string[];
  /** By what it was judged. */
  readonly policies: PoliciesInForce;
  readonly loaded: LoadedSpec;
}

/** Judges one version for some accounts. */
interface Judge {
  readonly facts: ImageFacts;
  readonly policies: PoliciesInForce;
  /** What is wrong with policy files or advisories, when older ones stand in for them. */
  readonly warnings: readonly string[];
  /** What an account may do, or a unit as a whole by its path; records nothing. */
  account(id: string): Promise<AccountJudgement>;
  /** Units that may be named as a whole, given what all accounts may. */
  units(accounts: readonly AccountJudgement[]): Promise<WholeUnit[]>;
}

/**
 * Judges a version by what holds now: for the named accounts and units, or for all accounts that are known or named by the spec. Every
 * decision that was taken is recorded. Throws POLICY_INVALID where no good policies ever were.
 */
export async function judgeVersion(
  ports: JudgePorts,
  version: ImageVersion,
  purpose: Purpose,
  accounts?: readonly string[],
): Promise<Judgement> {
  const loaded = await ports.specs.load(version.image);
  const judge = await openJudge(ports, version, loaded, purpose, accounts);
  const { policies } = judge;
  const asked = accounts ?? [...policies.accounts.map((it) => it.id), ...loaded.spec.distribute.accounts];
  const judged: AccountJudgement[] = [];
  // One after the other: the first account whose rules need the tree opens it for all.
  for (const account of [...new Set(asked)].sort()) judged.push(await judge.account(account));
  await ports.catalog.recordDecisions(judged.flatMap((it) => it.decisions));
  const { facts, warnings } = judge;
  const units = accounts ? [] : await judge.units(judged);
  return { version, facts, accounts: judged, units, warnings, policies, loaded };
}

/** Reads once what judging a version takes; account by account it then costs little. `asked`: only these will be judged. */
async function openJudge(
  ports: JudgePorts,
  version: ImageVersion,
  loaded: LoadedSpec,
  purpose: Purpose,
  asked?: readonly string[],
): Promise<Judge> {
  const policies = await policiesInForce(ports, loaded);
  const examination = await openVersion(ports, loaded, version);
  const results = await testsRun(ports, version, testsOfPolicies(policies, loaded.spec, asked), loaded);
  const { packs } = policies.packs;
  const facts = imageFactsOf({
    version,
    spec: loaded.spec,
    report: await examination.examine(packs),
    results,
    obstacle: testObstacle(packs, results),
    inventory: await examination.inventoryFor(packs),
  });
  const inputs = digestOf({ facts, policies: policies.digest });
  const record = recordOf({ version, purpose, inputs, at: timestamp(ports.clock) });
  const now = ports.clock.now();
  const shared = { policies, facts, examination, results, loaded, now, record };
  const scene = { ...shared, asked: asked !== undefined, ask: makeAsker(policies.access, { facts, now }) };
  const warnings = [...policies.warnings, ...examination.warnings];
  return {
    facts,
    policies,
    warnings,
    account: (id) => judgeAccount(scene, id),
    units: async (accounts) => wholeUnits(scene, (await ports.specs.units?.(version.image)) ?? [], accounts),
  };
}

/** Tests that policies name are run for whoever they concern, where this process can boot; else what was recorded has to do. */
async function testsRun(
  ports: JudgePorts,
  version: ImageVersion,
  tests: readonly ImageTest[],
  { spec }: LoadedSpec,
): Promise<PolicyTestResults> {
  if (tests.length === 0) return {};
  // Not every composition can boot; asking a port that is not there is a fault.
  const testBed = 'testBed' in ports ? ports.testBed : undefined;
  return testBed && version.state === 'available'
    ? runPolicyTests({ ...ports, testBed }, version, spec, tests)
    : policyTestResults(ports, version.diskDigest);
}

function recordOf(of: { version: ImageVersion; purpose: Purpose; inputs: string; at: string }): Recorder {
  const { image, version } = of.version;
  return (account, action, region, { allowed, reason, policies }) => ({
    id: digestOf({ ...of.purpose, image, version, account, action, region }).slice(0, 32),
    at: of.at,
    image,
    version,
    account,
    action,
    region,
    allowed,
    reason,
    policies: [...policies],
    askedBy: of.purpose.askedBy,
    inputs: of.inputs,
  });
}
