import { diffGrants } from '../../distributor/grants-diff.ts';
import {
  type DistributionCall,
  type DistributionPlan,
  type Present,
  planDistribution,
  type Recipient,
} from '../../distributor/plan.ts';
import { type Problem, preflight } from '../../distributor/preflight.ts';
import { HERE, type Target } from '../../distributor/targets.ts';
import type { Grant, ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { ImagePlace } from '../../ports/image-registry.ts';
import type { Ports } from '../../ports/ports.ts';
import type { AccountJudgement, Judgement } from '../gate/judge.ts';

export type DistributionPorts = Pick<Ports, 'catalog' | 'clock' | 'registry'>;

/** What is to be done at the registry, what of it would fail, and what the catalog will say of it. */
export interface Distribution {
  readonly plan: DistributionPlan;
  readonly problems: readonly Problem[];
  /** Everybody who may have it, and where: whoever is in a call gets the grants of these. */
  readonly approved: readonly Target[];
}

export interface RegistryState {
  /** There is only one place: all regions are names for it. */
  readonly onePlace: boolean;
  /** Name of the region that images are registered in. */
  readonly home?: string;
  readonly present: readonly Present[];
}

/** What the registry has of an image, its copies included. */
export async function registryState(
  { registry }: Pick<Ports, 'registry'>,
  version: ImageVersion,
): Promise<RegistryState> {
  const registered = await registry.describe(version.imageId);
  const copies = (registered?.copies ?? []).map(({ region, key, sharedWith, readableBy }) => ({
    ...{ region, key, sharedWith, readableBy },
  }));
  const own = registered
    ? [{ region: HERE, sharedWith: registered.sharedWith, readableBy: registered.readableBy }]
    : [];
  return { onePlace: registry.copy === undefined, home: await registry.home?.(), present: [...own, ...copies] };
}

/** Plans what brings the registry from what it has to what was judged. Pure. */
export function planFor(
  { accounts, units, facts }: Judgement,
  { onePlace, home, present }: RegistryState,
): Distribution {
  const recipients = accounts.flatMap((it) => recipientsOf(it, onePlace, home));
  const whole = units.map((it) => ({ ...it, regions: it.regions.map((region) => placeOf(region, home)) }));
  const plan = planDistribution({ recipients, units: onePlace ? [] : whole, home: HERE, present });
  const principals = Object.fromEntries(present.map((it) => [it.region, it.sharedWith.length]));
  const problems = preflight(plan, { home: HERE, encrypted: facts.encrypted, principals });
  return { plan, problems, approved: recordedTargets(accounts, home) };
}

function recipientsOf(
  { approved, mayCopy, account, unit, keys = {} }: AccountJudgement,
  onePlace: boolean,
  home: string | undefined,
): Recipient[] {
  if (onePlace) return approved.length > 0 ? [{ account, unit, region: HERE, copy: mayCopy.length > 0 }] : [];
  return approved.map(({ region }) => {
    const place = { region: placeOf(region, home), key: keys[region] };
    return { account, unit, ...place, copy: mayCopy.includes(region) };
  });
}

/** Records name the registry's own region where it has a name: `local` is told of one machine alone. */
export const recordedRegion = (region: string, home: string | undefined): string =>
  region === HERE ? (home ?? HERE) : region;

function recordedTargets(accounts: Judgement['accounts'], home: string | undefined): Target[] {
  const all = accounts.flatMap((it) => it.approved.map((of) => ({ ...of, region: recordedRegion(of.region, home) })));
  return [...new Map(all.map((it) => [`${it.account} ${it.region}`, it])).values()];
}

/** The region in which images are registered goes by its name and as `local`; it is one place. */
const placeOf = (region: string, home: string | undefined): string => (region === home ? HERE : region);

export type CallOutcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Does one call of a plan, and records the grants that it gives or takes. Safe to repeat. A place that refuses is a value: the
 * others go on. Throws COPY_PENDING while the copy that is to be shared is being made.
 */
export async function performCall(
  ports: DistributionPorts,
  version: ImageVersion,
  call: DistributionCall,
  approved: readonly Target[],
): Promise<CallOutcome> {
  const place: ImagePlace = { region: call.region, ...(call.key === undefined ? {} : { key: call.key }) };
  if (call.kind === 'revoke') return takeBack(ports, version, call, place);
  const copied = await ports.registry.copy?.(version.imageId, place);
  if (copied?.kind === 'failed') return { kind: 'refused', reason: copied.reason };
  if (call.kind === 'copy') return { kind: 'done' };
  if (copied?.kind === 'pending') throw new KilnError('COPY_PENDING', `the copy in ${call.region} is not finished`);
  await give(ports, version, call, place, approved);
  return { kind: 'done' };
}

/** The catalog's record comes first: a grant that the registry does not have yet is repaired, the other way round nobody would know of it. */
async function give(
  { catalog, clock, registry }: DistributionPorts,
  { image, version, imageId }: ImageVersion,
  call: DistributionCall,
  place: ImagePlace,
  approved: readonly Target[],
): Promise<void> {
  const accounts = new Set(call.accounts);
  const home = await registry.home?.();
  const here = (it: Target) => registry.copy === undefined || placeOf(it.region, home) === call.region;
  for (const target of approved.filter((it) => accounts.has(it.account) && here(it))) {
    await catalog.putGrant({ image, version, ...target, grantedAt: timestamp(clock) });
  }
  await registry.share(imageId, call.principals, place, { copy: call.copy });
}

/** First what enforces, then the record: killed in between, the grant is still listed and taken back again. */
async function takeBack(
  { catalog, clock, registry }: DistributionPorts,
  { image, version, imageId }: ImageVersion,
  call: DistributionCall,
  place: ImagePlace,
): Promise<CallOutcome> {
  await registry.revoke(imageId, call.principals, registry.copy ? place : undefined);
  const accounts = new Set(call.accounts);
  const home = await registry.home?.();
  for (const grant of await catalog.listGrants({ image, version, inForce: true })) {
    const here = registry.copy === undefined || placeOf(grant.region, home) === call.region;
    if (accounts.has(grant.account) && here) await catalog.revokeGrant(grant, timestamp(clock));
  }
  return { kind: 'done' };
}

/** What came of bringing the registry in line with a judgement. */
export interface Applied {
  readonly given: readonly Target[];
  readonly takenBack: readonly Grant[];
  /** What did not work, by region; the next judging tries again. */
  readonly problems: readonly { readonly region: string; readonly reason: string }[];
}

/**
 * Gives and takes grants of one version until exactly the approved accounts have it. Safe to repeat, also after it was killed; what one
 * region refuses, or has not finished copying, keeps no other from it.
 */
export async function applyJudgement(ports: DistributionPorts, judgement: Judgement): Promise<Applied> {
  const { catalog } = ports;
  const { image, version } = judgement.version;
  const before = await catalog.listGrants({ image, version, inForce: true });
  const state = await registryState(ports, judgement.version);
  const { plan, approved } = planFor(judgement, state);
  const problems: { region: string; reason: string }[] = [];
  for (const call of plan.calls) {
    const reason = await reasonNotDone(() => performCall(ports, judgement.version, call, approved));
    if (reason !== undefined) problems.push({ region: call.region, reason });
  }
  const failed = new Set(problems.map((it) => it.region));
  const reached = approved.filter((it) => !failed.has(placeOf(it.region, state.home)));
  await settle(ports, judgement.version, { approved, reached });
  const after = await catalog.listGrants({ image, version, inForce: true });
  return { given: diffGrants(after, before).give, takenBack: diffGrants(after, before).takeBack, problems };
}

async function reasonNotDone(work: () => Promise<CallOutcome>): Promise<string | undefined> {
  try {
    const outcome = await work();
    return outcome.kind === 'refused' ? outcome.reason : undefined;
  } catch (error) {
    if (error instanceof KilnError && error.code === 'COPY_PENDING') return error.message;
    throw error;
  }
}

/** Records that were lost between a call and the catalog are made good: both say the same in the end. */
async function settle(
  { catalog, clock }: DistributionPorts,
  { image, version }: ImageVersion,
  { approved, reached }: { approved: readonly Target[]; reached: readonly Target[] },
): Promise<void> {
  const inForce = await catalog.listGrants({ image, version, inForce: true });
  for (const grant of diffGrants(approved, inForce).takeBack) await catalog.revokeGrant(grant, timestamp(clock));
  for (const target of diffGrants(reached, inForce).give) {
    await catalog.putGrant({ image, version, ...target, grantedAt: timestamp(clock) });
  }
}
