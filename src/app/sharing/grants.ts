import { randomUUID } from 'node:crypto';
import type { Grant, ImageVersion } from '../../model/build.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Instance } from '../../ports/test-bed.ts';
import { type ImageReference, requireVersion } from '../gate/image-reference.ts';
import { type AccountJudgement, type Judgement, type JudgePorts, judgeVersion, type Purpose } from '../gate/judge.ts';
import { applyJudgement, performCall, planFor, recordedRegion, registryState } from './distribution.ts';

type GrantPorts = JudgePorts & Pick<Ports, 'registry' | 'testBed' | 'notifier'>;

export type ShareOutcome =
  | { readonly kind: 'shared'; readonly version: ImageVersion; readonly account: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/** Shares a published version with one account, if that account is approved for it. Throws COPY_PENDING while a copy is being made. */
export async function shareWith(
  ports: GrantPorts,
  reference: ImageReference,
  account: string,
  purpose: Purpose = { askedBy: 'share', key: randomUUID() },
): Promise<ShareOutcome> {
  const version = await requireVersion(ports.catalog, reference);
  if (version.state !== 'available') {
    const reason = `${version.image}@${version.version} is ${version.state}`;
    return { kind: 'refused', reason, hint: 'only an available version is shared' };
  }
  const judgement = await judgeVersion(ports, version, purpose, [account]);
  const { approved, refused } = judgement.accounts[0] as AccountJudgement;
  const [first] = approved;
  if (!first) return { kind: 'refused', reason: refused?.reason ?? '', hint: refused?.hint ?? '' };
  const failed = await give(ports, judgement);
  if (failed !== undefined) return { kind: 'refused', reason: failed, hint: 'the other regions have it' };
  return { kind: 'shared', version, account, reason: first.reason };
}

/** Does what gives one account the image where it is approved, and takes nothing from anybody; why a region refused it, if one did. */
async function give(ports: GrantPorts, judgement: Judgement): Promise<string | undefined> {
  const state = await registryState(ports, judgement.version);
  const { plan, approved } = planFor(judgement, { ...state, present: [] });
  let failed: string | undefined;
  for (const call of plan.calls) {
    const outcome = await performCall(ports, judgement.version, call, approved);
    if (outcome.kind === 'refused') failed ??= outcome.reason;
  }
  return failed;
}

export interface RevokeOutcome {
  readonly revoked: readonly Grant[];
  /** What a revoke does not reach: instances of the account that run already. */
  readonly unreached: readonly Instance[];
}

/** Takes an account's grants back, of one version or of all. Safe to repeat. */
export async function revokeFrom(
  ports: GrantPorts,
  reference: ImageReference,
  account: string,
  reason: string,
): Promise<RevokeOutcome> {
  const { catalog, registry, clock } = ports;
  const named = reference.version !== undefined || reference.alias !== undefined;
  const version = named ? (await requireVersion(catalog, reference)).version : undefined;
  if (!named) await requireVersion(catalog, reference);
  const grants = await catalog.listGrants({ image: reference.image, version, account, inForce: true });
  const imageIds = new Set<string>();
  for (const grant of grants) {
    const of = await catalog.getVersion(grant.image, grant.version);
    if (!of) continue;
    imageIds.add(of.imageId);
    // First what enforces, then the record: killed in between, the next revoke finds the grant still in force and repeats both.
    await registry.revoke(of.imageId, [account]);
    await nameOneByOne(ports, of, account);
    await catalog.revokeGrant(grant, timestamp(clock));
  }
  if (grants.length > 0) await tell(ports, reference.image, account, reason, grants);
  const unreached = (await ports.testBed.running()).filter((it) => it.account === account && imageIds.has(it.imageId));
  return { revoked: grants, unreached };
}

/** Where a unit has the image as a whole, an account in it keeps it until all others are named one by one and the unit is not. */
async function nameOneByOne(ports: GrantPorts, version: ImageVersion, leaving: string): Promise<void> {
  const { present, home } = await registryState(ports, version);
  if (!present.some((it) => it.sharedWith.some((principal) => principal.startsWith('arn:')))) return;
  const key = `${leaving} ${timestamp(ports.clock)}`;
  const judgement = await judgeVersion(ports, version, { askedBy: 'revoke', key });
  const { image, version: number } = version;
  const grants = await ports.catalog.listGrants({ image, version: number, inForce: true });
  const has = new Set(grants.filter((it) => it.account !== leaving).map((it) => `${it.account} ${it.region}`));
  const accounts = judgement.accounts.map((it) => ({
    ...it,
    approved: it.approved.filter((target) => has.has(`${target.account} ${recordedRegion(target.region, home)}`)),
  }));
  await applyJudgement(ports, { ...judgement, accounts, units: [] });
}

async function tell(
  { notifier }: GrantPorts,
  image: string,
  account: string,
  reason: string,
  grants: readonly Grant[],
): Promise<void> {
  const detail = { account, reason, versions: grants.map((it) => it.version) };
  await notifier.notify({ kind: 'grant.revoked', image, subject: `${account} may no longer launch ${image}`, detail });
}
