import type { Account } from '../model/account.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import { recorded, type StepAnswer, type StepRequest } from './step.ts';

export interface Target {
  readonly account: string;
  readonly region: string;
  readonly reason: string;
}

export interface JudgeAnswer extends StepAnswer {
  readonly approved: readonly Target[];
  readonly refused: readonly { account: string; reason: string }[];
}

/** Decides which accounts may have the image: the spec's targets that are known accounts and that no policy forbids. */
export async function judgeImage(
  ports: Pick<Ports, 'catalog' | 'clock' | 'specs'>,
  request: StepRequest,
): Promise<JudgeAnswer> {
  return recorded(ports, request.buildId, 'judge', async () => {
    const { spec } = await ports.specs.load(request.image);
    const accounts = await ports.specs.accounts(request.image);
    const asked = new Set([...accounts.map((it) => it.id), ...spec.distribute.accounts]);
    const answers = [...asked].sort().map((account) => ({ account, ...approvalOf(accounts, spec, account) }));
    const approved = answers.flatMap((it) => (it.kind === 'approved' ? it.targets : []));
    const refused = answers.flatMap((it) =>
      it.kind === 'refused' ? [{ account: it.account, reason: it.reason }] : [],
    );
    return { outcome: 'succeeded', approved, refused, detail: `${approved.length} approved, ${refused.length} not` };
  });
}

export type Approval =
  | { readonly kind: 'approved'; readonly targets: readonly Target[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/** Whether an account may have an image of this spec, where, and why. */
export function approvalOf(accounts: readonly Account[], { distribute }: ImageSpec, id: string): Approval {
  const account = accounts.find((it) => it.id === id);
  if (!account)
    return { kind: 'refused', reason: `account ${id} is not known`, hint: 'accounts.yaml lists the known accounts' };
  const reason = whyApproved(account, distribute);
  if (reason === undefined) {
    const text = `the spec distributes neither to account ${id} nor to its organisational unit`;
    return { kind: 'refused', reason: text, hint: 'distribute.accounts in the spec says who may have it' };
  }
  const targets = targetsOf(account, distribute, reason);
  if (targets.length > 0) return { kind: 'approved', targets };
  return {
    kind: 'refused',
    reason: `account ${id} is in none of the spec's regions`,
    hint: 'see distribute.regions and accounts.yaml',
  };
}

function targetsOf(account: Account, distribute: ImageSpec['distribute'], reason: string): Target[] {
  const wanted = distribute.regions.length > 0 ? distribute.regions : ['local'];
  const regions = wanted.filter((region) => account.regions === undefined || account.regions.includes(region));
  return regions.map((region) => ({ account: account.id, region, reason }));
}

function whyApproved(account: Account, distribute: ImageSpec['distribute']): string | undefined {
  if (distribute.accounts.includes(account.id)) return 'the spec names the account';
  const unit = distribute.organizationalUnits.find((it) => isWithin(account.organizationalUnit, it));
  return unit === undefined ? undefined : `the spec names its organisational unit ${unit}`;
}

function isWithin(unit: string | undefined, ancestor: string): boolean {
  return unit === ancestor || (unit?.startsWith(`${ancestor}/`) ?? false);
}
