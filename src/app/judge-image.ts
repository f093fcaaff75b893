import type { Account } from '../model/account.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import type { LoadedSpec } from '../ports/spec-source.ts';
import type { Pack } from '../validator/pack.ts';
import { type Baked, readLock } from './bake-image.ts';
import { type Examination, firstObstacle, openExamination } from './examination.ts';
import { type LoadedPacks, loadPacks } from './packs.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface Target {
  readonly account: string;
  readonly region: string;
  readonly reason: string;
}

export type Approval =
  | { readonly kind: 'approved'; readonly targets: readonly Target[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

export interface JudgeAnswer extends StepAnswer {
  readonly approved: readonly Target[];
  readonly refused: readonly { account: string; reason: string }[];
}

type JudgePorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'source' | 'progress'>;

/** Decides which accounts may have the image: the spec's targets that are known accounts and whose own policies it passes. */
export async function judgeImage(ports: JudgePorts, request: StepRequest): Promise<JudgeAnswer> {
  return recorded(ports, request.buildId, 'judge', async () => {
    const loaded = await ports.specs.load(request.image);
    const examination = lazily(async () => {
      const { treeDigest } = await resultOf<Baked>(ports.catalog, request.buildId, 'bake');
      return openExamination(ports, { ...loaded, lock: await readLock(ports, request), treeDigest });
    });
    const accounts = await ports.specs.accounts(request.image);
    const asked = new Set([...accounts.map((it) => it.id), ...loaded.spec.distribute.accounts]);
    const judge = judgeOver(accounts, loaded, await loadPacks(ports, loaded), examination);
    const answers = await Promise.all(
      [...asked].sort().map(async (account) => ({ account, ...(await judge(account)) })),
    );
    const approved = answers.flatMap((it) => (it.kind === 'approved' ? it.targets : []));
    const refused = answers.flatMap((it) =>
      it.kind === 'refused' ? [{ account: it.account, reason: it.reason }] : [],
    );
    return { outcome: 'succeeded', approved, refused, detail: `${approved.length} approved, ${refused.length} not` };
  });
}

/** Decides for one account whether it may have an image, where, and why. */
export function judgeOver(
  accounts: readonly Account[],
  { spec }: LoadedSpec,
  packs: LoadedPacks,
  examination: () => Promise<Examination>,
): (account: string) => Promise<Approval> {
  return async (id) => {
    const account = accounts.find((it) => it.id === id);
    if (!account)
      return { kind: 'refused', reason: `account ${id} is not known`, hint: 'accounts.yaml lists the known accounts' };
    const approval = approvalOf(account, spec);
    const own = packs.forAccount(account);
    return approval.kind === 'approved' && own.length > 0
      ? ((await obstacleOf(own, examination)) ?? approval)
      : approval;
  };
}

async function obstacleOf(
  packs: readonly Pack[],
  examination: () => Promise<Examination>,
): Promise<Approval | undefined> {
  const obstacle = firstObstacle((await examination())(packs));
  if (obstacle === undefined) return undefined;
  const hint = `its own policies are ${packs.map((it) => it.name).join(', ')}`;
  return { kind: 'refused', reason: `the account's own policy does not hold: ${obstacle}`, hint };
}

/** The tree is opened only where some account has a policy of its own. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function approvalOf(account: Account, { distribute }: ImageSpec): Approval {
  const reason = whyApproved(account, distribute);
  if (reason === undefined) {
    const text = `the spec distributes neither to account ${account.id} nor to its organisational unit`;
    return { kind: 'refused', reason: text, hint: 'distribute in the spec says who may have it' };
  }
  const wanted = distribute.regions.length > 0 ? distribute.regions : ['local'];
  const regions = wanted.filter((region) => account.regions === undefined || account.regions.includes(region));
  const targets = regions.map((region) => ({ account: account.id, region, reason }));
  if (targets.length > 0) return { kind: 'approved', targets };
  const text = `account ${account.id} is in none of the spec's regions`;
  return { kind: 'refused', reason: text, hint: 'see distribute.regions in the spec, and accounts.yaml' };
}

function whyApproved(account: Account, distribute: ImageSpec['distribute']): string | undefined {
  if (distribute.accounts.includes(account.id)) return 'the spec names the account';
  const unit = distribute.organizationalUnits.find((it) => isWithin(account.organizationalUnit, it));
  return unit === undefined ? undefined : `the spec names its organisational unit ${unit}`;
}

function isWithin(unit: string | undefined, ancestor: string): boolean {
  return unit === ancestor || (unit?.startsWith(`${ancestor}/`) ?? false);
}
