import type { Asker } from '../../distributor/access/ask.ts';
import type { Answer, Principal } from '../../distributor/access/decide.ts';
import type { WholeUnit } from '../../distributor/plan.ts';
import {
  HERE,
  isAccountNumber,
  isWithin,
  regionsOf,
  type Target,
  targetsOf,
  unitTargetsOf,
} from '../../distributor/targets.ts';
import type { AccessAction, Decision, ImageFacts } from '../../model/access.ts';
import type { Account, OrganizationalUnit } from '../../model/account.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { type Examination, firstObstacle } from './examination.ts';
import type { PoliciesInForce } from './judge-policies.ts';
import { type PolicyTestResults, testObstacle } from './judge-tests.ts';

/** What one account may do with one version, and why. */
export interface AccountJudgement {
  /** Number of an account, or path of a unit. */
  readonly account: string;
  /** It is known and the spec names it: the rest is up to policies. */
  readonly targeted: boolean;
  /** Path of its organisational unit. */
  readonly unit?: string;
  /** By region, the key that its copy must be encrypted with. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Where it may have the grant. */
  readonly approved: readonly Target[];
  /** Regions whose copy it may copy in turn. */
  readonly mayCopy: readonly string[];
  /** Why it gets nothing, or nothing in some region. */
  readonly refused?: { readonly reason: string; readonly hint: string };
  readonly decisions: readonly Decision[];
}

/** Makes the record of an answer. */
export type Recorder = (account: string, action: AccessAction, region: string, answer: Answer) => Decision;

/** All that one version is judged by. */
export interface Scene {
  readonly policies: PoliciesInForce;
  readonly facts: ImageFacts;
  readonly examination: Examination;
  readonly results: PolicyTestResults;
  readonly loaded: LoadedSpec;
  readonly now: number;
  readonly record: Recorder;
  /** Some accounts were asked about by name. */
  readonly asked: boolean;
  /** The access policies, about this version. */
  readonly ask: Asker;
}

const NOBODY = { approved: [], mayCopy: [], decisions: [] } as const;

const ACTIONS: readonly AccessAction[] = ['launch', 'share', 'copy'];

/** Targets ∩ known accounts ∩ the account's (or unit's) own packs and tests ∩ access policies. */
export async function judgeAccount(scene: Scene, id: string): Promise<AccountJudgement> {
  const { policies, loaded, record } = scene;
  const isAccount = isAccountNumber(id);
  const targeted = (isAccount ? targetsOf : unitTargetsOf)(id, policies.accounts, loaded.spec);
  if (targeted.kind === 'refused') {
    const { reason, hint } = targeted;
    // That an image is not meant for an account is a decision only where somebody asked about that account.
    if (!scene.asked) return { ...NOBODY, account: id, targeted: false, refused: { reason, hint } };
    return { ...refuse(scene, id, [], targeted), targeted: false };
  }
  const account = isAccount ? (policies.accounts.find((it) => it.id === id) as Account) : anyoneIn(id);
  const obstacle = await ownObstacle(scene, account);
  if (obstacle) return refuse(scene, id, targeted.targets, obstacle);
  const ask = asker(scene, isAccount ? { account } : { unit: id });
  const decisions = placesOf(targeted.targets, policies.access.looksAt.region).flatMap((region) =>
    ACTIONS.map((action) => record(id, action, region, ask(action, region))),
  );
  const may = (action: AccessAction, region: string) =>
    decisions.some((it) => it.action === action && it.allowed && [region, EVERYWHERE].includes(it.region));
  const approved = targeted.targets.filter(({ region }) => may('launch', region) && may('share', region));
  const denied = decisions.find((it) => !it.allowed && it.action !== 'copy');
  return {
    account: id,
    targeted: true,
    unit: account.organizationalUnit,
    keys: account.keys,
    approved,
    mayCopy: approved.map((it) => it.region).filter((region) => may('copy', region)),
    ...(denied
      ? { refused: { reason: deniedReason(denied), hint: 'docs/access.md tells what access policies ask' } }
      : {}),
    decisions,
  };
}

/** Stands for all accounts of a unit, where packs are chosen by the unit. */
const anyoneIn = (unit: string): Account => ({ id: unit, name: unit, organizationalUnit: unit });

/** Region of a decision that holds for all in which the account is to have the image. */
const EVERYWHERE = '*';

/** Places that are decided about one by one: a thousand accounts in twenty regions are a thousand decisions, where that suffices. */
function placesOf(targets: readonly Target[], eachRegion: boolean): string[] {
  const regions = targets.map((it) => it.region);
  return eachRegion || regions.length === 1 ? regions : [EVERYWHERE];
}

const deniedReason = ({ action, reason, region }: Decision): string =>
  `${action}${[HERE, EVERYWHERE].includes(region) ? '' : ` in ${region}`}: ${reason}`;

/** Asks for what was refused before any access policy was asked, so that the record says it, too. */
function refuse(
  { record }: Scene,
  account: string,
  targets: readonly Target[],
  { reason, hint }: { reason: string; hint: string },
): AccountJudgement {
  const answer = { allowed: false, reason, policies: [] };
  const regions = targets.length > 0 ? placesOf(targets, false) : [HERE];
  const decisions = regions.flatMap((region) => ACTIONS.map((action) => record(account, action, region, answer)));
  return { account, targeted: true, approved: [], mayCopy: [], refused: { reason, hint }, decisions };
}

async function ownObstacle(
  { policies, facts, examination, results }: Scene,
  account: Account,
): Promise<{ reason: string; hint: string } | undefined> {
  if (!facts.packsPassed) return imageObstacle(policies, examination);
  const failing = testObstacle(policies.packs.packs, results);
  if (failing !== undefined)
    return { reason: failing, hint: 'tests of a policy for all copies are conditions of each' };
  const own = policies.packs.forAccount(account);
  if (own.length === 0) return undefined;
  const obstacle = firstObstacle(await examination.examine(own)) ?? testObstacle(own, results);
  if (obstacle === undefined) return undefined;
  const hint = `its own policies are ${own.map((it) => it.name).join(', ')}`;
  return { reason: `the account's own policy does not hold: ${obstacle}`, hint };
}

/**
 * Units that the spec names, that have an ARN, whose every known account is approved, and which the access policies permit as a whole:
 * also for the accounts that the unit will have tomorrow.
 */
export function wholeUnits(
  scene: Scene,
  units: readonly OrganizationalUnit[],
  accounts: readonly AccountJudgement[],
): WholeUnit[] {
  const { distribute } = scene.loaded.spec;
  const approved = new Set(accounts.flatMap((it) => it.approved.map((target) => `${it.account} ${target.region}`)));
  return units.flatMap(({ path, arn }) => {
    if (!distribute.organizationalUnits.some((it) => isWithin(path, it))) return [];
    const inside = scene.policies.accounts.filter((it) => isWithin(it.organizationalUnit, path)).map((it) => it.id);
    const ask = asker(scene, { unit: path });
    const regions = regionsOf(distribute).filter(
      (region) =>
        inside.every((id) => approved.has(`${id} ${region}`)) &&
        ask('launch', region).allowed &&
        ask('share', region).allowed,
    );
    return regions.length > 0 ? [{ path, arn, regions }] : [];
  });
}

/** What holds for all copies stands above what any access policy permits. */
async function imageObstacle({ packs }: PoliciesInForce, examination: Examination) {
  const obstacle = firstObstacle(await examination.examine(packs.packs)) ?? 'a policy for all copies does not hold';
  return { reason: obstacle, hint: 'kiln show tells every finding' };
}

/** Asks the access policies on behalf of one principal. */
const asker =
  ({ ask }: Scene, principal: Principal) =>
  (action: AccessAction, region: string): Answer =>
    ask({ principal, action, region });
