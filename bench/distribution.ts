/** Planning who gets what where: 1,000 accounts in 20 regions. In a process of its own. */
import { makeAsker } from '../src/distributor/access/ask.ts';
import { decide } from '../src/distributor/access/decide.ts';
import { loadAccess } from '../src/distributor/access/load-access.ts';
import { planDistribution, type Recipient } from '../src/distributor/plan.ts';
import { preflight } from '../src/distributor/preflight.ts';
import type { ImageFacts } from '../src/model/access.ts';
import type { Account } from '../src/model/account.ts';

const ACCOUNTS = 1_000;
const REGIONS = 20;
const RUNS = 5;

export interface DistributionFigures {
  readonly accounts: number;
  readonly regions: number;
  readonly calls: number;
  /** Milliseconds, the median of the runs. */
  readonly planMs: number;
  /** Of asking the access policies one question. */
  readonly decideMs: number;
  /** Milliseconds for every account, region and action, where policies ask for the account's name and the region. */
  readonly decideAllMs: number;
}

/** How long it takes to decide and to plan; the accounts are synthetic. */
export function benchDistribution(): DistributionFigures {
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => accountOf(at));
  const regions = Array.from({ length: REGIONS }, (_, at) => `region-${at}`);
  const recipients = regions.flatMap((region) => accounts.map((it) => recipientOf(it, region)));
  const times = Array.from({ length: RUNS }, () => timed(() => planned(recipients)));
  const policies = loadAccess([], accounts);
  const ask = (account: Account) =>
    decide(policies, { principal: { account }, action: 'launch', facts: FACTS, region: '', now: 0 });
  ask(accounts[0] as Account);
  const decideMs = timed(() => accounts.forEach(ask)) / ACCOUNTS;
  const decideAllMs = timed(() => decideAll(accounts, regions));
  const calls = planned(recipients).calls.length;
  return { accounts: ACCOUNTS, regions: REGIONS, calls, planMs: median(times), decideMs, decideAllMs };
}

const BY_NAME_AND_REGION = `
permit (principal, action, resource) when { principal is Account && principal.name like "*1" && context.region like "region-1*" };
permit (principal, action in [Action::"launch", Action::"share"], resource) when { resource.testsPassed };
forbid (principal, action, resource) when { principal is Account && principal.name like "synthetic 9*" && context.region == "region-3" };
`;

/** Answers that are no, of all that can be asked. */
function decideAll(accounts: readonly Account[], regions: readonly string[]): number {
  const file = { name: 'access.cedar', bytes: Buffer.from(BY_NAME_AND_REGION) };
  const ask = makeAsker(loadAccess([file], accounts), { facts: FACTS, now: 0 });
  const answers = accounts.flatMap((account) =>
    regions.flatMap((region) =>
      (['launch', 'share', 'copy'] as const).map((action) => ask({ principal: { account }, action, region })),
    ),
  );
  return answers.filter((it) => !it.allowed).length;
}

function planned(recipients: readonly Recipient[]) {
  const plan = planDistribution({ recipients, home: 'region-0' });
  preflight(plan, { home: 'region-0', encrypted: true, keys: {} });
  return plan;
}

const accountOf = (at: number): Account => ({
  id: String(100_000_000_000 + at),
  name: `synthetic ${at}`,
  organizationalUnit: `unit-${at % 40}/team-${at % 7}`,
});

/** Every tenth account wants its copy under a key of its own unit. */
function recipientOf({ id, organizationalUnit }: Account, region: string): Recipient {
  const own = id.endsWith('0') ? { key: `key of ${organizationalUnit?.split('/')[0]}` } : {};
  return { account: id, region, unit: organizationalUnit, copy: false, ...own };
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;

const FACTS: ImageFacts = {
  image: 'web',
  version: 1,
  labels: {},
  release: 'bookworm',
  architecture: 'amd64',
  createdAt: '2026-01-01T00:00:00.000Z',
  encrypted: true,
  testsPassed: true,
  tests: [],
  packsPassed: true,
  packs: ['baseline'],
  vulnerabilities: { known: true, worst: 'none', critical: 0, high: 0, medium: 0, low: 0 },
};
