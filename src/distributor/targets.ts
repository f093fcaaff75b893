import { memoiseObject } from '../formats/memoise.ts';
import type { Account } from '../model/account.ts';
import type { ImageSpec } from '../model/spec.ts';

/** A place where an account is to have an image. */
export interface Target {
  readonly account: string;
  readonly region: string;
  readonly reason: string;
}

export type Targeted =
  | { readonly kind: 'targeted'; readonly targets: readonly Target[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/** Where there is only one place. */
export const HERE = 'local';

/** Whether a text is meant as the number of an account; everything else names a unit. */
export const isAccountNumber = (text: string): boolean => /^\d+$/.test(text);

/** Where a unit as a whole is to have an image by the spec alone: accounts lie in it, and the spec names it or one above it. */
export function unitTargetsOf(
  unit: string,
  accounts: readonly Account[],
  { distribute }: Pick<ImageSpec, 'distribute'>,
): Targeted {
  if (!accounts.some((it) => isWithin(it.organizationalUnit, unit)))
    return refused(`no account lies in the unit ${unit}`, 'accounts.yaml says in which unit each account lies');
  const named = distribute.organizationalUnits.find((it) => isWithin(unit, it));
  if (named === undefined)
    return refused(`the spec does not distribute to the unit ${unit}`, 'distribute in the spec says who may have it');
  const reason = `the spec names the unit ${named}`;
  return { kind: 'targeted', targets: regionsOf(distribute).map((region) => ({ account: unit, region, reason })) };
}

/** Regions that a spec distributes to. */
export const regionsOf = ({ regions }: ImageSpec['distribute']): readonly string[] =>
  regions.length > 0 ? regions : [HERE];

const byId = memoiseObject((accounts: readonly Account[]) => new Map(accounts.map((it) => [it.id, it])));

/** Where an account is to have an image by the spec alone: it is known, the spec names it or its unit, and it is in one of the regions. */
export function targetsOf(
  id: string,
  accounts: readonly Account[],
  { distribute }: Pick<ImageSpec, 'distribute'>,
): Targeted {
  const account = byId(accounts).get(id);
  if (!account) return refused(`account ${id} is not known`, 'accounts.yaml lists the known accounts');
  const reason = whyNamed(account, distribute);
  if (reason === undefined) {
    const text = `the spec distributes neither to account ${id} nor to its organisational unit`;
    return refused(text, 'distribute in the spec says who may have it');
  }
  const regions = regionsOf(distribute).filter(
    (region) => account.regions === undefined || account.regions.includes(region),
  );
  if (regions.length > 0)
    return { kind: 'targeted', targets: regions.map((region) => ({ account: id, region, reason })) };
  return refused(
    `account ${id} is in none of the spec's regions`,
    'see distribute.regions in the spec, and accounts.yaml',
  );
}

const refused = (reason: string, hint: string): Targeted => ({ kind: 'refused', reason, hint });

function whyNamed(account: Account, distribute: ImageSpec['distribute']): string | undefined {
  if (distribute.accounts.includes(account.id)) return 'the spec names the account';
  const unit = distribute.organizationalUnits.find((it) => isWithin(account.organizationalUnit, it));
  return unit === undefined ? undefined : `the spec names its organisational unit ${unit}`;
}

/** Whether a unit is another one or lies below it: `production/web` is within `production`. */
export function isWithin(unit: string | undefined, ancestor: string): boolean {
  return unit === ancestor || (unit?.startsWith(`${ancestor}/`) ?? false);
}
