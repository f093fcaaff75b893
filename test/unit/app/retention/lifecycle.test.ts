import { afterEach, beforeEach, expect, test } from 'vitest';
import { launchImage } from '../../../../src/app/launch/launch-image.ts';
import { ageImages, ageImagesDaily } from '../../../../src/app/retention/lifecycle.ts';
import { revokeFrom, shareWith } from '../../../../src/app/sharing/grants.ts';
import { type ImageWorld, imageWorld, SHOP, STAGING } from '../../../support/image-world.ts';
import { killedAfter } from '../../../support/kill-after.ts';

const DAY_MS = 24 * 3_600_000;
const POLICY = 'lifecycle: { keep: 1, deprecateAfterDays: 10, deregisterAfterDays: 20, quarantineDays: 5 }\n';

/** Four versions, a day between each two; the first two were shared, and the second is launched now and then. */
async function opened(): Promise<ImageWorld> {
  const world = imageWorld(POLICY);
  for (const _ of [1, 2, 3, 4]) {
    await world.publish();
    world.now += DAY_MS;
  }
  for (const version of [1, 2]) await shareWith(world.ports, { image: 'app', version }, SHOP);
  return world;
}

let world: ImageWorld;
beforeEach(async () => {
  world = await opened();
});
afterEach(() => world.close());

const age = (days: number, at = world, ports = world.ports) => {
  at.now += days * DAY_MS;
  return ageImages(ports);
};
const done = async (days: number) => (await age(days)).actions.map((it) => `${it.kind} ${it.version}`);
const states = async (at = world) =>
  Promise.all(
    (await at.ports.catalog.listVersions('app')).map(async ({ version, state, imageId, facts }) => {
      const registered = await at.ports.registry.describe(imageId);
      return [
        version,
        state,
        registered?.state,
        registered?.sharedWith.join(),
        facts.deprecatedAt,
        facts.quarantinedAt,
      ];
    }),
  );

test('versions grow old: deprecated, withdrawn, deleted; the newest and what latest names are kept', async () => {
  expect(await done(0)).toEqual(['keep 4', 'keep 3', 'keep 2', 'keep 1']);
  expect(await done(8)).toEqual(['keep 4', 'deprecate 3', 'deprecate 2', 'deprecate 1']);
  expect(await done(9)).toEqual(['keep 4', 'keep 3', 'withdraw 2', 'withdraw 1']);
  expect(await world.ports.catalog.listGrants({ image: 'app', inForce: true })).toEqual([]);
  expect(await done(4)).toEqual(['keep 4', 'withdraw 3', 'keep 2', 'keep 1']);
  expect(await done(1)).toEqual(['keep 4', 'keep 3', 'delete 2', 'delete 1']);
  expect(await done(500)).toEqual(['keep 4', 'delete 3']);
});

test('what an alias names stays, however old', async () => {
  await world.ports.catalog.setAlias('app', 'stable', 1);
  expect(await done(500)).toEqual(['keep 4', 'withdraw 3', 'withdraw 2', 'keep 1']);
});

test('what an instance runs from stays', async () => {
  await launchImage(world.ports, { image: 'app', version: 1 }, SHOP, 'long');
  expect((await age(500)).actions.at(-1)).toMatchObject({ kind: 'deprecate', version: 1 });
  expect((await age(500)).actions.at(-1)).toMatchObject({
    kind: 'keep',
    version: 1,
    why: `instance i-long of ${SHOP} uses it`,
  });
});

test('what a launch template refers to stays', async () => {
  const references = async (id: string) => (id === 'img-app-3' ? ['launch template web, version 3'] : []);
  const ports = { ...world.ports, registry: { ...world.ports.registry, references } };
  await age(500, world, ports);
  expect((await age(0, world, ports)).actions[1]).toMatchObject({
    kind: 'keep',
    version: 3,
    why: 'launch template web, version 3 uses it',
  });
});

test('a grant that was used lately stays, an idle one does not', async () => {
  await age(15);
  const first = await launchImage(world.ports, { image: 'app', version: 2 }, SHOP, 'short');
  if (first.kind === 'launched') await world.ports.testBed.stop(first.instance);
  expect(await done(10)).toEqual(['keep 4', 'withdraw 3', 'keep 2', 'withdraw 1']);
  expect(await done(10)).toEqual(['keep 4', 'delete 3', 'withdraw 2', 'delete 1']);
});

test('where accounts launch by themselves, a grant in force keeps a version until it is taken back', async () => {
  const ports = { ...world.ports, registry: { ...world.ports.registry, home: async () => 'north' } };
  const kinds = async (days: number) => (await age(days, world, ports)).actions.map((it) => `${it.kind} ${it.version}`);
  expect(await kinds(500)).toEqual(['keep 4', 'withdraw 3', 'deprecate 2', 'deprecate 1']);
  expect(await kinds(500)).toEqual(['keep 4', 'delete 3', 'keep 2', 'keep 1']);
  await revokeFrom(world.ports, { image: 'app', version: 1 }, SHOP, 'a test');
  expect(await kinds(0)).toEqual(['keep 4', 'keep 2', 'withdraw 1']);
});

test('what was recalled is deleted after the quarantine, too', async () => {
  const facts = { recalledAt: new Date(world.now).toISOString() };
  await world.ports.catalog.updateVersion('app', 3, { state: 'recalled', facts });
  expect((await done(4))[1]).toBe('keep 3');
  expect((await done(1))[1]).toBe('delete 3');
});

test('it is done by itself once a day', async () => {
  expect((await ageImagesDaily(world.ports))?.actions).toHaveLength(4);
  expect(await ageImagesDaily(world.ports)).toBeUndefined();
  world.now += DAY_MS;
  expect(await ageImagesDaily(world.ports)).toBeDefined();
});

test('a dry run tells and changes nothing', async () => {
  const before = await states();
  world.now += 500 * DAY_MS;
  const { actions } = await ageImages(world.ports, { dryRun: true });
  expect(actions.map((it) => it.kind)).toEqual(['keep', 'withdraw', 'withdraw', 'withdraw']);
  expect(await states()).toEqual(before);
});

test('another image’s broken spec is told, and keeps nothing from growing old', async () => {
  await world.ports.catalog.putImage({
    name: 'broken',
    spec: '/nowhere/image.yaml',
    addedAt: '2026-01-01T00:00:00.000Z',
  });
  const { actions, troubled } = await age(500);
  expect(troubled.map((it) => it.image)).toEqual(['broken']);
  expect(actions).toHaveLength(4);
});

test('killed between any two side effects and started again, it ends as if it had not been killed', async () => {
  const changes = /^(updateVersion|quarantine|deregister|deprecate|revokeGrant)$/;
  const grow = async (at: ImageWorld, ports = at.ports) => {
    await age(500, at, ports);
  };
  await grow(world);
  const whole = await states();
  for (let calls = 0; ; calls += 1) {
    const other = await opened();
    await shareWith(other.ports, { image: 'app', version: 3 }, STAGING);
    other.now += 500 * DAY_MS;
    const { troubled } = await ageImages(killedAfter(other.ports, calls, changes));
    if (troubled.length > 0) await ageImages(other.ports);
    const state = await states(other);
    other.close();
    expect(state, `after ${calls} calls`).toEqual(whole);
    if (troubled.length === 0) return expect(calls).toBeGreaterThan(5);
  }
});
