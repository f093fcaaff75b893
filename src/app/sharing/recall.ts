import { planRecall, type RecallPlan } from '../../distributor/recall.ts';
import type { ImageVersion } from '../../model/build.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { type ImageReference, requireVersion } from '../gate/image-reference.ts';

export type RecallPorts = Pick<
  Ports,
  'catalog' | 'clock' | 'registry' | 'testBed' | 'notifier' | 'executions' | 'specs'
>;

export interface RecallRequest {
  readonly reason: string;
  /** Start a build that makes up for it; default: yes. */
  readonly rebuild?: boolean;
}

const MANY = 10_000;

/** Questions after which nothing was given. */
const ONLY_ASKED: ReadonlySet<string> = new Set(['can', 'plan', 'launch']);

/**
 * What recalling an image would do now. An image without a version is the one that `latest` names, or the one that was recalled for the
 * same reason before: so a recall said twice is one.
 */
export async function recallPlan(ports: RecallPorts, reference: ImageReference, reason: string): Promise<RecallPlan> {
  const { catalog, registry, testBed } = ports;
  const version = await versionToRecall(ports, reference, reason);
  const { image, version: number, imageId } = version;
  const decisions = await catalog.listDecisions({ image, version: number, action: 'copy', limit: MANY });
  const registered = await registry.describe(imageId);
  const permitted = decisions.filter((it) => it.allowed && !ONLY_ASKED.has(it.askedBy)).map((it) => it.account);
  return planRecall({
    version,
    versions: await catalog.listVersions(image),
    aliases: await catalog.aliases(image),
    grants: await catalog.listGrants({ image, version: number, inForce: true }),
    copies: registered?.copies ?? [],
    couldCopy: [...permitted, ...(registered?.readableBy ?? [])],
    instances: await testBed.running(),
  });
}

async function versionToRecall(
  { catalog }: RecallPorts,
  reference: ImageReference,
  reason: string,
): Promise<ImageVersion> {
  if (reference.version !== undefined || reference.alias !== undefined) return requireVersion(catalog, reference);
  const versions = await catalog.listVersions(reference.image);
  const before = versions.find((it) => it.state === 'recalled' && it.facts.recalledFor === reason);
  return before ?? requireVersion(catalog, reference);
}

/**
 * Recalls a version: from the first moment on nobody can launch it any more; then aliases go back, grants are revoked, the image and its
 * copies are disabled, people are told, and a rebuild is started. Safe to repeat: killed anywhere, the next call does what is left.
 */
export async function recallImage(
  ports: RecallPorts,
  reference: ImageReference,
  request: RecallRequest,
): Promise<RecallPlan & { readonly rebuilt: boolean }> {
  const plan = await recallPlan(ports, reference, request.reason);
  const { image, version } = plan;
  await markRecalled(ports, plan, request.reason);
  await moveAliases(ports, plan);
  // The registry's is what enforces, so it comes before the record.
  await ports.registry.quarantine(plan.imageId, `recalled: ${request.reason}`);
  for (const grant of plan.grants) await ports.catalog.revokeGrant(grant, timestamp(ports.clock));
  await tell(ports, plan, request.reason);
  const rebuilt = (request.rebuild ?? true) && (await rebuild(ports, image, version, request.reason));
  return { ...plan, rebuilt };
}

/** One rebuild a recall, false for none now: it is recorded once it was started (locally: has ended); one that was killed is taken up again. */
async function rebuild(ports: RecallPorts, image: string, version: number, reason: string): Promise<boolean> {
  const { catalog, clock, executions } = ports;
  const kind = 'recall.rebuilt';
  const id = `${kind}:${image}@${version}`;
  if (await isRecorded(catalog, image, kind, id)) return false;
  const cause = { kind: 'recall' as const, detail: `${image}@${version} was recalled: ${reason}` };
  await executions.start({ image, cause, key: `recall-${image}-${version}` });
  await catalog.recordEvent({ id, kind, at: timestamp(clock), image, detail: { version } });
  return true;
}

async function isRecorded(catalog: Catalog, image: string, kind: string, id: string): Promise<boolean> {
  return (await catalog.listEvents({ image, kind, limit: MANY })).some((it) => it.id === id);
}

/** The first reason and time stay. */
async function markRecalled(
  { catalog, clock }: RecallPorts,
  { image, version, again }: RecallPlan,
  reason: string,
): Promise<void> {
  if (again) return;
  const facts = { recalledFor: reason, recalledAt: timestamp(clock) };
  await catalog.updateVersion(image, version, { state: 'recalled', facts });
}

async function moveAliases({ catalog, registry }: RecallPorts, { image, aliases }: RecallPlan): Promise<void> {
  for (const { alias, to } of aliases) {
    const good = to === undefined ? undefined : await catalog.getVersion(image, to);
    if (good) {
      await registry.alias(`${image}/${alias}`, good.imageId);
      await catalog.setAlias(image, alias, good.version);
    } else {
      await registry.unalias?.(`${image}/${alias}`);
      await catalog.removeAlias(image, alias);
    }
  }
}

/** Told at least once: what is recorded was told. */
async function tell(ports: RecallPorts, plan: RecallPlan, reason: string): Promise<void> {
  const { catalog, clock, notifier, specs } = ports;
  const { image, version } = plan;
  const kind = 'image.recalled';
  const id = `${kind}:${image}@${version}`;
  if (await isRecorded(catalog, image, kind, id)) return;
  // A spec that is gone or wrong does not keep anybody from being told.
  const owner = await specs.load(image).then(
    (it) => it.spec.owner,
    () => undefined,
  );
  const accounts = [...new Set(plan.grants.map((it) => it.account))];
  const { aliases, copies, copiedBy, running } = plan;
  const detail = { version, reason, owner, accounts, aliases, copies, copiedBy, running };
  await notifier.notify({ kind, image, subject: `${image}@${version} is recalled: ${reason}`, detail });
  await catalog.recordEvent({ id, kind, at: timestamp(clock), image, detail });
}

/** The recalled version that a disk is byte for byte, if there is one: building it again would bring back what was recalled. */
export async function recalledTwin(
  { catalog }: Pick<Ports, 'catalog'>,
  image: string,
  diskDigest: string,
): Promise<{ version: number; reason: string } | undefined> {
  const versions = await catalog.listVersions(image);
  const twin = versions.find((it) => it.facts.recalledAt !== undefined && it.diskDigest === diskDigest);
  return twin && { version: twin.version, reason: String(twin.facts.recalledFor) };
}
