import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { launchImage } from '../../../../src/app/launch/launch-image.ts';
import { shareWith } from '../../../../src/app/sharing/grants.ts';
import { recalledTwin, recallImage, recallPlan } from '../../../../src/app/sharing/recall.ts';
import { type ImageWorld, imageWorld, SHOP, STAGING } from '../../../support/image-world.ts';
import { Killed, killedAfter } from '../../../support/kill-after.ts';

/** Two versions, both shared; an instance of the second runs. */
async function opened(): Promise<ImageWorld> {
  const world = imageWorld();
  for (const number of [1, 2]) {
    await world.publish();
    for (const account of [SHOP, STAGING]) await shareWith(world.ports, { image: 'app', version: number }, account);
  }
  await launchImage(world.ports, { image: 'app' }, SHOP, 'running');
  return world;
}

let world: ImageWorld;
beforeEach(async () => {
  world = await opened();
});
afterEach(() => world.close());

const recall = (ports = world.ports, version?: number) =>
  recallImage(ports, { image: 'app', version }, { reason: 'a bad library' });

/** All that people and machines see of it. */
async function stateOf({ ports, notices, started }: ImageWorld) {
  const { catalog, registry } = ports;
  const versions = await catalog.listVersions('app');
  return {
    versions: versions.map((it) => `${it.version} ${it.state} ${it.facts.recalledFor ?? ''}`),
    aliases: await catalog.aliases('app'),
    grants: (await catalog.listGrants({ inForce: true })).map((it) => `${it.version} ${it.account}`),
    registry: await Promise.all(versions.map((it) => registry.describe(it.imageId))),
    notices: [...new Set(notices.map((it) => `${it.kind}: ${it.subject}`))],
    rebuilds: started.map((it) => `${it.image} ${it.cause.kind}`),
  };
}

test('one step takes it back from everybody, and says what it does not reach', async () => {
  const plan = await recall();
  expect(await stateOf(world)).toMatchObject({
    versions: ['2 recalled a bad library', '1 available '],
    aliases: { latest: 1 },
    grants: [`1 ${SHOP}`, `1 ${STAGING}`],
    registry: [
      { state: 'quarantined', sharedWith: [] },
      { state: 'available', sharedWith: [SHOP, STAGING] },
    ],
    notices: ['image.recalled: app@2 is recalled: a bad library'],
    rebuilds: ['app recall'],
  });
  expect(plan.running).toMatchObject([{ account: SHOP, instances: [{ id: 'i-running' }] }]);
  expect(await launchImage(world.ports, { image: 'app', version: 2 }, SHOP, 'late')).toMatchObject({
    kind: 'refused',
    reason: 'app@2 is recalled',
  });
  expect((await launchImage(world.ports, { image: 'app' }, SHOP, 'good')).kind).toBe('launched');
});

test('a dry run tells all of it and does none', async () => {
  const before = await stateOf(world);
  const plan = await recallPlan(world.ports, { image: 'app' }, 'a bad library');
  expect(plan).toMatchObject({ version: 2, aliases: [{ alias: 'latest', to: 1 }], again: false });
  expect(plan.grants.map((it) => it.account)).toEqual([SHOP, STAGING]);
  expect(await stateOf(world)).toEqual(before);
});

test('said twice, with or without the version, it is one recall', async () => {
  await recall();
  const once = await stateOf(world);
  expect((await recall()).rebuilt).toBe(false);
  await recall(world.ports, 2);
  expect(await stateOf(world)).toEqual(once);
  expect(world.notices).toHaveLength(1);
});

test('another reason recalls what latest means now', async () => {
  await recall();
  await recallImage(world.ports, { image: 'app' }, { reason: 'another', rebuild: false });
  const { versions, aliases, grants } = await stateOf(world);
  expect({ versions, aliases, grants }).toEqual({
    versions: ['2 recalled a bad library', '1 recalled another'],
    aliases: {},
    grants: [],
  });
});

test('whoever could copy it is named', async () => {
  world.write('policies/own.cedar', 'permit (principal, action, resource);');
  await shareWith(world.ports, { image: 'app' }, STAGING);
  expect((await recall()).copiedBy).toEqual([STAGING]);
});

test('a build that would bring the same bytes back is known', async () => {
  await recall();
  const [version] = await world.ports.catalog.listVersions('app');
  expect(await recalledTwin(world.ports, 'app', version!.diskDigest)).toEqual({ version: 2, reason: 'a bad library' });
  expect(await recalledTwin(world.ports, 'app', 'other')).toBeUndefined();
});

const CHANGES =
  /^(updateVersion|setAlias|removeAlias|alias|unalias|quarantine|revoke|revokeGrant|notify|start|recordEvent)$/;

describe('killed between any two side effects and said again', () => {
  test('it ends as if it had not been killed', async () => {
    await recall();
    const whole = await stateOf(world);
    for (let calls = 0; ; calls += 1) {
      const other = await opened();
      const killed = await recall(killedAfter(other.ports, calls, CHANGES)).catch((error: unknown) => error);
      if (killed instanceof Killed) await recall(other.ports);
      const state = await stateOf(other);
      other.close();
      expect(state, `after ${calls} calls`).toEqual(whole);
      if (!(killed instanceof Killed)) return expect(calls).toBeGreaterThan(6);
    }
  });

  test('from its first side effect on nobody can launch it', async () => {
    await recall(killedAfter(world.ports, 1, CHANGES)).catch(() => undefined);
    expect(await launchImage(world.ports, { image: 'app', version: 2 }, SHOP, 'late')).toMatchObject({
      kind: 'refused',
    });
  });
});
