import { type LifecycleAction, planLifecycle } from '../../distributor/lifecycle.ts';
import type { ImageVersion } from '../../model/build.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Instance } from '../../ports/test-bed.ts';

export type LifecyclePorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'testBed' | 'specs'>;

export interface LifecycleResult {
  readonly actions: readonly (LifecycleAction & { readonly image: string })[];
  /** Images that could not be looked at, with the reason. */
  readonly troubled: readonly { readonly image: string; readonly reason: string }[];
}

const MANY = 10_000;

/**
 * Lets versions of all images, or of one, grow old as their specs say: deprecates, withdraws what nobody uses any more, deletes what was
 * in quarantine long enough. Safe to repeat, also after it was killed. With `dryRun` it only tells.
 */
export async function ageImages(
  ports: LifecyclePorts,
  options: { dryRun?: boolean; image?: string } = {},
): Promise<LifecycleResult> {
  const actions: (LifecycleAction & { image: string })[] = [];
  const troubled: { image: string; reason: string }[] = [];
  const images = (await ports.catalog.listImages()).map((it) => it.name);
  const running = await ports.testBed.running();
  for (const image of options.image === undefined ? images : [options.image]) {
    try {
      const planned = await planFor(ports, image, running);
      if (!options.dryRun) for (const it of planned) await perform(ports, image, it);
      actions.push(...planned.map((it) => ({ image, ...it })));
    } catch (error) {
      // One image's trouble must not keep the others from growing old.
      troubled.push({ image, reason: (error as Error).message });
    }
  }
  return { actions, troubled };
}

const LAST_DAY = 'lifecycle:day';

/** `ageImages` on the first call of each day (UTC); undefined on all others. */
export async function ageImagesDaily(ports: LifecyclePorts): Promise<LifecycleResult | undefined> {
  const { catalog, clock } = ports;
  const today = timestamp(clock).slice(0, 10);
  if ((await catalog.getDocument(LAST_DAY)) === today) return undefined;
  const result = await ageImages(ports);
  // Afterwards: a day that was begun and killed is begun again.
  await catalog.putDocument(LAST_DAY, today);
  return result;
}

async function planFor(ports: LifecyclePorts, image: string, running: readonly Instance[]): Promise<LifecycleAction[]> {
  const { catalog, clock, specs } = ports;
  const { spec } = await specs.load(image);
  const versions = await catalog.listVersions(image);
  return planLifecycle({
    policy: spec.lifecycle,
    versions,
    aliases: await catalog.aliases(image),
    launches: await launchesOf(ports, image),
    unseen: await unseenGrants(ports, image),
    references: await referencesOf(ports, versions, running),
    now: clock.now(),
  });
}

/** By version, when each account launched it last. */
async function launchesOf({ catalog }: LifecyclePorts, image: string): Promise<Record<number, Record<string, number>>> {
  const launches = new Map<number, Record<string, number>>();
  // Newest first: what is set first is the last launch.
  for (const { at, detail } of await catalog.listEvents({ image, kind: 'launch.allowed', limit: MANY })) {
    const version = Number(detail.version);
    const account = String(detail.account);
    launches.set(version, { [account]: Date.parse(at), ...launches.get(version) });
  }
  return Object.fromEntries(launches);
}

/** A registry with regions is one whose accounts launch by themselves: what they do with a grant is not known here. */
async function unseenGrants({ catalog, registry }: LifecyclePorts, image: string): Promise<Record<number, string[]>> {
  if (registry.home === undefined) return {};
  const byVersion = Map.groupBy(await catalog.listGrants({ image, inForce: true }), (it) => it.version);
  return Object.fromEntries([...byVersion].map(([version, grants]) => [version, grants.map((it) => it.account)]));
}

async function referencesOf(
  { registry }: LifecyclePorts,
  versions: readonly ImageVersion[],
  running: readonly Instance[],
): Promise<Record<string, readonly string[]>> {
  const live = versions.filter((it) => it.state !== 'deregistered');
  const found = live.map(async ({ imageId }) => {
    const instances = running.filter((it) => it.imageId === imageId).map((it) => `instance ${it.id} of ${it.account}`);
    const references = (await registry.references?.(imageId)) ?? [];
    return [imageId, [...instances, ...references]] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

async function perform(ports: LifecyclePorts, image: string, { kind, version, why }: LifecycleAction): Promise<void> {
  const { catalog, clock, registry } = ports;
  const found = await catalog.getVersion(image, version);
  if (!found || kind === 'keep') return;
  const at = timestamp(clock);
  if (kind === 'deprecate') {
    await registry.deprecate?.(found.imageId, at);
    await catalog.updateVersion(image, version, { facts: { deprecatedAt: at } });
  } else if (kind === 'withdraw') {
    await registry.quarantine(found.imageId, why);
    for (const grant of await catalog.listGrants({ image, version, inForce: true }))
      await catalog.revokeGrant(grant, at);
    await catalog.updateVersion(image, version, {
      state: 'quarantined',
      facts: { quarantinedAt: at, quarantinedFor: why },
    });
  } else {
    await registry.deregister(found.imageId);
    await catalog.updateVersion(image, version, { state: 'deregistered', facts: { deletedAt: at } });
  }
}
