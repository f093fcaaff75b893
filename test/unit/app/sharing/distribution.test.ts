import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeVersion } from '../../../../src/app/gate/judge.ts';
import { applyJudgement } from '../../../../src/app/sharing/distribution.ts';
import { distributionPlan } from '../../../../src/app/sharing/distribution-plan.ts';
import { revokeFrom, shareWith } from '../../../../src/app/sharing/grants.ts';
import { judgeImage } from '../../../../src/app/steps/judge-image.ts';
import { shareImage } from '../../../../src/app/steps/share-image.ts';
import type { ImageVersion } from '../../../../src/model/build.ts';
import type { CopyState, ImagePlace } from '../../../../src/ports/image-registry.ts';
import type { Ports } from '../../../../src/ports/ports.ts';
import { type ImageWorld, imageWorld, OUTSIDER, SHOP, STAGING } from '../../../support/image-world.ts';

const REGIONS =
  'distribute: { organizationalUnits: [production], accounts: ["222222222222"], regions: [local, west, east] }\n';

/** A registry with regions: what it was asked, whom each place shares with, and how copies to it go. */
function regional(ports: Ports) {
  const asked: string[] = [];
  const shared = new Map<string, Set<string>>();
  const copies: Record<string, CopyState> = {};
  const nameOf = (where?: string | ImagePlace) => (typeof where === 'object' ? where.region : (where ?? 'local'));
  const at = (where?: string | ImagePlace) => {
    const place = shared.get(nameOf(where)) ?? new Set<string>();
    shared.set(nameOf(where), place);
    return place;
  };
  const registry: Ports['registry'] = {
    ...ports.registry,
    async copy(imageId, where) {
      const state = copies[nameOf(where)] ?? { kind: 'available', imageId };
      if (nameOf(where) !== 'local' && state.kind === 'available') at(where);
      return state;
    },
    async share(_, principals, where, rights) {
      asked.push(`share ${nameOf(where)} ${principals.join()}${rights?.copy ? ' copy' : ''}`);
      for (const it of principals) at(where).add(it);
    },
    async revoke(_, principals, where) {
      asked.push(`revoke ${nameOf(where)} ${principals.join()}`);
      for (const it of principals) for (const place of where ? [at(where)] : shared.values()) place.delete(it);
    },
    async describe(imageId) {
      const elsewhere = [...shared].filter(([name]) => name !== 'local');
      return {
        imageId,
        state: 'available',
        sharedWith: [...at('local')].sort(),
        copies: elsewhere.map(([region, has]) => ({
          region,
          imageId,
          state: 'available',
          sharedWith: [...has].sort(),
        })),
      };
    },
  };
  return { ports: { ...ports, registry }, asked, shared, copies };
}

let world: ImageWorld;
let version: ImageVersion;
beforeEach(async () => {
  world = imageWorld();
});
afterEach(() => world.close());

const grants = async () =>
  (await world.ports.catalog.listGrants({ inForce: true })).map((it) => `${it.account} ${it.region}`).sort();

describe('the steps judge and share', () => {
  const request = { image: 'app', buildId: 'b1' };
  beforeEach(async () => {
    version = await world.publish({ buildId: 'b1', state: 'registered' });
  });

  async function registered(ports: Ports, onePlace: boolean) {
    const { imageId, version: number } = version;
    const result = { outcome: 'succeeded', imageId, version: number, onePlace };
    const at = new Date(world.now).toISOString();
    const step = { step: 'register', startedAt: at, endedAt: at, outcome: 'succeeded' as const, result };
    const cause = { kind: 'request' as const };
    await ports.catalog.createBuild({
      id: 'b1',
      image: 'app',
      cause,
      state: 'running',
      requestedAt: at,
      steps: [step],
    });
    return judgeImage(ports, request);
  }

  test('on one machine it is one call, and a grant for each account', async () => {
    const { calls, approved, refused } = await registered(world.ports, true);
    expect(calls).toEqual(['local share 0']);
    expect(approved.map((it) => it.account)).toEqual([SHOP, STAGING]);
    expect(refused.map((it) => it.account)).toEqual([OUTSIDER]);
    for (const call of calls) await shareImage(world.ports, { ...request, call });
    expect((await world.ports.registry.describe(version.imageId))?.sharedWith).toEqual([SHOP, STAGING]);
    expect(await grants()).toEqual([`${SHOP} local`, `${STAGING} local`]);
  });

  test('a region that refuses refuses for itself alone; what is done is not done again', async () => {
    world.write('image.yaml', world.text.replace(/distribute:.*\n/, REGIONS));
    const { ports, asked, copies } = regional(world.ports);
    copies.east = { kind: 'failed', reason: 'east refuses the copy: not enabled' };
    const { calls } = await registered(ports, false);
    expect(calls).toEqual(['east copy 0', 'west copy 0', 'east share 0', 'local share 0', 'west share 0']);
    const share = async () => {
      const answers = [];
      for (const call of calls) answers.push((await shareImage(ports, { ...request, call })).outcome);
      return answers;
    };
    expect(await share()).toEqual(['refused', 'succeeded', 'refused', 'succeeded', 'succeeded']);
    expect(await grants()).toEqual([`${SHOP} local`, `${SHOP} west`, `${STAGING} local`, `${STAGING} west`]);
    expect(asked).toHaveLength(2);
    delete copies.east;
    expect(await share()).toEqual(Array(5).fill('succeeded'));
    expect(asked.at(-1)).toBe(`share east ${SHOP},${STAGING}`);
    expect(asked).toHaveLength(3);
  });

  test('a copy that is being made is waited for', async () => {
    world.write('image.yaml', world.text.replace(/distribute:.*\n/, REGIONS));
    const { ports, copies } = regional(world.ports);
    copies.west = { kind: 'pending', imageId: 'copy' };
    await registered(ports, false);
    expect((await shareImage(ports, { ...request, call: 'west copy 0' })).outcome).toBe('succeeded');
    await expect(shareImage(ports, { ...request, call: 'west share 0' })).rejects.toMatchObject({
      name: 'COPY_PENDING',
      retryable: true,
    });
    expect(await grants()).toEqual([]);
  });
});

describe('a published version', () => {
  beforeEach(async () => {
    world.write('image.yaml', world.text.replace(/distribute:.*\n/, REGIONS));
    version = await world.publish();
  });
  const apply = async (ports: Ports) =>
    applyJudgement(ports, await judgeVersion(ports, version, { askedBy: 'test', key: String(world.now++) }));

  test('is brought to exactly those who may have it, and then nothing is left to do', async () => {
    const { ports, asked, shared } = regional(world.ports);
    shared.set('local', new Set([OUTSIDER]));
    const { given, problems } = await apply(ports);
    expect([given.length, problems]).toEqual([6, []]);
    expect([...shared].map(([region, has]) => `${region} ${[...has].sort()}`)).toEqual([
      `local ${SHOP},${STAGING}`,
      `east ${SHOP},${STAGING}`,
      `west ${SHOP},${STAGING}`,
    ]);
    expect(asked[0]).toBe(`revoke local ${OUTSIDER}`);
    asked.length = 0;
    expect(await apply(ports)).toMatchObject({ given: [], takenBack: [], problems: [] });
    expect(asked).toEqual([]);
  });

  test('has one place in its own region, by whichever name', async () => {
    world.write('image.yaml', world.text.replace(/distribute:.*\n/, REGIONS.replace('local', 'north')));
    const { ports, asked, shared } = regional(world.ports);
    const named = { ...ports, registry: { ...ports.registry, home: async () => 'north' } };
    await apply(named);
    expect([...shared.keys()].sort()).toEqual(['east', 'local', 'west']);
    expect(await grants()).toContain(`${SHOP} north`);
    asked.length = 0;
    expect(await apply(named)).toMatchObject({ given: [], takenBack: [], problems: [] });
    expect(asked).toEqual([]);
  });

  test('is taken from whoever may have it no more, and from nobody else', async () => {
    const { ports, shared } = regional(world.ports);
    await apply(ports);
    world.write(
      'policies/own.cedar',
      `permit (principal, action, resource);\nforbid (principal == Account::"${SHOP}", action, resource) when { context.region == "west" };`,
    );
    const { takenBack } = await apply(ports);
    expect(takenBack.map((it) => `${it.account} ${it.region}`)).toEqual([`${SHOP} west`]);
    expect([...(shared.get('west') ?? [])]).toEqual([STAGING]);
    expect(await grants()).not.toContain(`${SHOP} west`);
  });

  test('goes to a unit as a whole where accounts.yaml vouches for it', async () => {
    const arn = 'arn:aws:organizations::111111111111:ou/o-abc/ou-prod';
    world.write('accounts.yaml', `${world.accounts}units:\n  - { path: production, arn: "${arn}" }\n`);
    const { ports, shared } = regional(world.ports);
    await apply(ports);
    expect([...(shared.get('local') ?? [])].sort()).toEqual([STAGING, arn]);
    expect(await grants()).toContain(`${SHOP} west`);
    world.write('policies/own.cedar', 'permit (principal is Account, action, resource);');
    await apply(ports);
    expect([...(shared.get('local') ?? [])].sort()).toEqual([SHOP, STAGING]);
  });

  test('is taken from one account of a unit that had it as a whole', async () => {
    const arn = 'arn:aws:organizations::111111111111:ou/o-abc/ou-prod';
    const other = '  - { id: "444444444444", name: other, organizationalUnit: production }\n';
    world.write('accounts.yaml', `${world.accounts}${other}units:\n  - { path: production, arn: "${arn}" }\n`);
    const { ports, shared } = regional(world.ports);
    await apply(ports);
    await revokeFrom(ports, { image: 'app' }, SHOP, 'a test');
    for (const region of ['local', 'west', 'east'])
      expect([...(shared.get(region) ?? [])].sort()).toEqual([STAGING, '444444444444']);
    expect((await grants()).filter((it) => it.startsWith(SHOP))).toEqual([]);
  });

  test('is planned before anything is done', async () => {
    const { ports, asked } = regional(world.ports);
    const planned = await distributionPlan(ports, { image: 'app' }, 'k');
    expect(planned).toMatchObject({ approved: 6, problems: [], refused: [{ account: OUTSIDER }] });
    expect(planned.plan.calls.map((it) => it.id)).toEqual([
      'east copy 0',
      'west copy 0',
      'east share 0',
      'local share 0',
      'west share 0',
    ]);
    expect([asked, await grants()]).toEqual([[], []]);
  });

  test('is shared with one account without touching the others', async () => {
    const { ports, shared } = regional(world.ports);
    await apply(ports);
    world.write('policies/own.cedar', 'permit (principal, action, resource);');
    expect((await shareWith(ports, { image: 'app' }, SHOP)).kind).toBe('shared');
    expect([...(shared.get('east') ?? [])].sort()).toEqual([SHOP, STAGING]);
  });
});
