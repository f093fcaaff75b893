import type { Account } from '../model/account.ts';
import type { AdvisoryPlace } from '../model/advisory.ts';
import type { Scope } from '../model/policy.ts';
import { fitsName } from './glob.ts';
import type { Pack } from './pack.ts';

/** What of an image decides which packs apply to it. */
export interface ImageIdentity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Packs that the spec asks for by name. */
  readonly policies: readonly string[];
}

/** Packs that judge every image. */
const ALWAYS = ['runs', 'baseline'];

/**
 * Packs that decide whether an image is any good, in the order in which they stand: the ones for all images, the ones that the spec
 * names, and the owner's own whose scope fits. A pack that another one of them extends is judged as part of that, so that an
 * organisation may set and waive what the built-in packs ask.
 */
export function packsForImage(
  packs: ReadonlyMap<string, Pack>,
  own: ReadonlySet<string>,
  image: ImageIdentity,
): Pack[] {
  const chosen = [...packs.values()].filter(
    (pack) =>
      ALWAYS.includes(pack.name) ||
      image.policies.includes(pack.name) ||
      (own.has(pack.name) && !isForAccounts(pack.scope) && concernsImage(pack.scope, image)),
  );
  return withCommonAdvisories(withoutExtended(chosen));
}

/** A pack that names no advisories is judged by those of the others: what an organisation reads concerns each of its policies. */
function withCommonAdvisories(packs: readonly Pack[], common = distinct(packs.flatMap((it) => it.advisories))): Pack[] {
  return packs.map((pack) => (pack.advisories.length > 0 ? pack : { ...pack, advisories: common }));
}

/** Packs that decide whether one account may have an image; those of other accounts and units have no say. */
export function packsForAccount(
  packs: ReadonlyMap<string, Pack>,
  own: ReadonlySet<string>,
  image: ImageIdentity,
  account: Account,
): Pack[] {
  const chosen = [...packs.values()].filter(
    ({ name, scope }) =>
      own.has(name) && isForAccounts(scope) && concernsImage(scope, image) && concernsAccount(scope, account),
  );
  const common = packsForImage(packs, own, image).flatMap((it) => it.advisories);
  return withCommonAdvisories(withoutExtended(chosen), distinct(common));
}

function distinct(places: readonly AdvisoryPlace[]): AdvisoryPlace[] {
  return [...new Map(places.map((it) => [JSON.stringify(it), it])).values()];
}

function withoutExtended(packs: readonly Pack[]): Pack[] {
  const part = new Set(packs.flatMap((pack) => pack.extends));
  return packs.filter((pack) => !part.has(pack.name));
}

const isForAccounts = (scope: Scope): boolean =>
  scope.accounts !== undefined || scope.organizationalUnits !== undefined;

function concernsImage({ images, labels }: Scope, image: ImageIdentity): boolean {
  if (images && !images.some((pattern) => fitsName(image.name, pattern))) return false;
  return Object.entries(labels ?? {}).every(([key, value]) => image.labels[key] === value);
}

/** An account that is named, or lies in a unit that is named or below it. */
function concernsAccount({ accounts, organizationalUnits }: Scope, account: Account): boolean {
  const unit = account.organizationalUnit ?? '';
  if (accounts?.includes(account.id)) return true;
  return organizationalUnits?.some((it) => unit === it || unit.startsWith(`${it}/`)) ?? false;
}
