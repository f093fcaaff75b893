import type { Grant, ImageVersion } from '../model/build.ts';
import { lock as lockSchema } from '../model/lock.ts';
import { timestamp } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Instance } from '../ports/test-bed.ts';
import { openExamination } from './examination.ts';
import { type ImageReference, requireVersion } from './image-reference.ts';
import { type Approval, judgeOver } from './judge-image.ts';
import { loadPacks } from './packs.ts';
import { giveGrant } from './share-image.ts';

type GrantPorts = Pick<
  Ports,
  'catalog' | 'clock' | 'registry' | 'specs' | 'testBed' | 'notifier' | 'store' | 'source' | 'progress'
>;

export type ShareOutcome =
  | { readonly kind: 'shared'; readonly version: ImageVersion; readonly account: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/** Shares a published version with one account, if that account is approved for it. */
export async function shareWith(ports: GrantPorts, reference: ImageReference, account: string): Promise<ShareOutcome> {
  const version = await requireVersion(ports.catalog, reference);
  if (version.state !== 'available') {
    return {
      kind: 'refused',
      reason: `${version.image}@${version.version} is ${version.state}`,
      hint: 'only an available version is shared',
    };
  }
  const approval = await judgeAgain(ports, version, account);
  if (approval.kind === 'refused') return approval;
  for (const target of approval.targets) {
    await giveGrant(ports, { image: version.image, version: version.version, imageId: version.imageId, ...target });
  }
  return { kind: 'shared', version, account, reason: approval.targets[0]?.reason ?? '' };
}

/** Judges a published version for one account by what holds now. */
async function judgeAgain(
  ports: GrantPorts,
  { image, lockDigest, treeDigest }: ImageVersion,
  account: string,
): Promise<Approval> {
  const loaded = await ports.specs.load(image);
  const examination = async () => {
    const lock = lockSchema.parse(JSON.parse((await ports.store.read(lockDigest)).toString('utf8')));
    return openExamination(ports, { ...loaded, lock, treeDigest });
  };
  return judgeOver(await ports.specs.accounts(image), loaded, await loadPacks(ports, loaded), examination)(account);
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
    await catalog.revokeGrant(grant, timestamp(clock));
  }
  if (grants.length > 0) await tell(ports, reference.image, account, reason, grants);
  const unreached = (await ports.testBed.running()).filter((it) => it.account === account && imageIds.has(it.imageId));
  return { revoked: grants, unreached };
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
