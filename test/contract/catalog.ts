import { beforeEach, describe, expect, test } from 'vitest';
import type { Decision } from '../../src/model/access.ts';
import type { Build, ImageVersion } from '../../src/model/build.ts';
import type { Catalog } from '../../src/ports/catalog.ts';

const at = '2026-01-02T03:04:05.000Z';
const later = '2026-01-02T04:00:00.000Z';

const build = (id: string, change: Partial<Build> = {}): Build => ({
  id,
  image: 'web',
  cause: { kind: 'request' },
  state: 'running',
  requestedAt: at,
  steps: [],
  ...change,
});

const version = (number: number, buildId: string): ImageVersion => ({
  image: 'web',
  version: number,
  state: 'registered',
  imageId: `img-${number}`,
  buildId,
  lockDigest: 'l',
  diskDigest: 'd',
  treeDigest: 't',
  createdAt: at,
  facts: { packages: 3 },
});

const decisionOf = (id: string, change: Partial<Decision> = {}): Decision => ({
  id,
  at,
  image: 'web',
  version: 1,
  account: '111111111111',
  action: 'launch',
  region: 'local',
  allowed: true,
  reason: 'permitted',
  policies: [],
  askedBy: 'judge',
  inputs: 'i',
  ...change,
});

/** What every catalog must do, whatever it keeps its records in. `open` gives an empty one. */
export function catalogContract(name: string, open: () => Promise<Catalog>): void {
  describe(`catalog: ${name}`, () => {
    let catalog: Catalog;
    beforeEach(async () => {
      catalog = await open();
    });

    test('images are listed by name and keep their first date', async () => {
      await catalog.putImage({ name: 'web', spec: '/a', addedAt: at });
      await catalog.putImage({ name: 'db', spec: '/b', addedAt: at });
      await catalog.putImage({ name: 'web', spec: '/c', addedAt: later });
      expect(await catalog.listImages()).toEqual([
        { name: 'db', spec: '/b', addedAt: at },
        { name: 'web', spec: '/c', addedAt: at },
      ]);
      expect(await catalog.getImage('nothing')).toBeUndefined();
    });

    test('an image’s revision is another one after every change of its versions, aliases and grants, and no other image’s', async () => {
      const revision = async () => (await catalog.revisions?.())?.get('web');
      expect(await revision()).toBeUndefined();
      const grant = {
        image: 'web',
        version: 1,
        account: '111111111111',
        region: 'local',
        reason: 'approved',
        grantedAt: at,
      };
      const seen = new Set<number | undefined>();
      for (const change of [
        () => catalog.putVersion(version(1, 'b1')),
        () => catalog.updateVersion('web', 1, { state: 'available' }),
        () => catalog.setAlias('web', 'latest', 1),
        () => catalog.putGrant(grant),
        () => catalog.revokeGrant(grant, later),
        () => catalog.removeAlias('web', 'latest'),
      ]) {
        await change();
        expect(seen).not.toContain(await revision());
        seen.add(await revision());
      }
      await catalog.putVersion({ ...version(1, 'b2'), image: 'db' });
      expect(seen).toContain(await revision());
      expect([...((await catalog.revisions?.()) ?? [])].map(([image]) => image).sort()).toEqual(['db', 'web']);
    });

    test('a build created twice is one build', async () => {
      await catalog.createBuild(build('b1'));
      await catalog.updateBuild('b1', { state: 'failed', detail: 'disk full' });
      expect(await catalog.createBuild(build('b1'))).toMatchObject({ state: 'failed', detail: 'disk full' });
      expect(await catalog.listBuilds({})).toHaveLength(1);
    });

    test('steps keep the order in which they began, and the last record of each', async () => {
      await catalog.createBuild(build('b1'));
      await catalog.putStep('b1', { step: 'plan', startedAt: at, outcome: 'running' });
      await catalog.putStep('b1', { step: 'bake', startedAt: later, outcome: 'running' });
      await catalog.putStep('b1', {
        step: 'plan',
        startedAt: at,
        endedAt: later,
        outcome: 'succeeded',
        result: { ok: [1] },
      });
      const steps = (await catalog.getBuild('b1'))?.steps;
      expect(steps?.map((it) => [it.step, it.outcome])).toEqual([
        ['plan', 'succeeded'],
        ['bake', 'running'],
      ]);
      expect(steps?.[0]?.result).toEqual({ ok: [1] });
    });

    test('builds are listed newest first, by image and state', async () => {
      await catalog.createBuild(build('b1'));
      await catalog.createBuild(build('b2', { requestedAt: later, state: 'waiting' }));
      await catalog.createBuild(build('b3', { image: 'db' }));
      expect((await catalog.listBuilds({ image: 'web' })).map((it) => it.id)).toEqual(['b2', 'b1']);
      expect((await catalog.listBuilds({ state: 'waiting' })).map((it) => it.id)).toEqual(['b2']);
      expect(await catalog.listBuilds({ limit: 1 })).toHaveLength(1);
      expect(await catalog.imagesWithBuilds(['waiting', 'failed'])).toEqual(new Set(['web']));
      expect(await catalog.imagesWithBuilds(['failed'])).toEqual(new Set());
    });

    test('a build gets one version number however often it asks', async () => {
      expect(await catalog.allocateVersion('web', 'b1')).toBe(1);
      expect(await catalog.allocateVersion('web', 'b2')).toBe(2);
      expect(await catalog.allocateVersion('web', 'b1')).toBe(1);
      expect(await catalog.allocateVersion('db', 'b3')).toBe(1);
    });

    test('numbers given out at the same time differ', async () => {
      const given = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => catalog.allocateVersion('web', id)));
      expect(given.toSorted()).toEqual([1, 2, 3, 4, 5]);
    });

    test('a version of another build is never overwritten', async () => {
      await catalog.putVersion(version(1, 'b1'));
      await catalog.putVersion({ ...version(1, 'b1'), imageId: 'img-1b' });
      await expect(catalog.putVersion(version(1, 'b2'))).rejects.toThrow(/b1/);
      expect(await catalog.getVersion('web', 1)).toMatchObject({ imageId: 'img-1b' });
    });

    test('facts are added to, states replaced, versions listed newest first', async () => {
      await catalog.putVersion(version(1, 'b1'));
      await catalog.putVersion(version(2, 'b2'));
      await catalog.updateVersion('web', 1, { state: 'available', facts: { bootMs: 5 } });
      expect(await catalog.getVersion('web', 1)).toMatchObject({
        state: 'available',
        facts: { packages: 3, bootMs: 5 },
      });
      expect((await catalog.listVersions('web')).map((it) => it.version)).toEqual([2, 1]);
      expect(await catalog.listVersions('db')).toEqual([]);
    });

    test('an alias points at one version', async () => {
      await catalog.setAlias('web', 'latest', 1);
      await catalog.setAlias('web', 'latest', 2);
      expect(await catalog.aliases('web')).toEqual({ latest: 2 });
      expect(await catalog.aliases('db')).toEqual({});
      await catalog.setAlias('db', 'latest', 7);
      await catalog.setAlias('db', 'stable', 6);
      await expect
        .poll(async () => (await catalog.listAliased('latest')).map(({ image, version }) => ({ image, version })))
        .toEqual([
          { image: 'db', version: 7 },
          { image: 'web', version: 2 },
        ]);
      // Where it is kept: a moment of this test.
      for (const { since } of await catalog.listAliased('latest'))
        if (since !== undefined) expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(3_600_000);
    });

    test('a grant given twice is one; revoked it is out of force; given again it is in force', async () => {
      const grant = {
        image: 'web',
        version: 1,
        account: '111111111111',
        region: 'local',
        grantedAt: at,
        reason: 'spec',
      };
      await catalog.putGrant(grant);
      await catalog.putGrant({ ...grant, grantedAt: later });
      expect(await catalog.listGrants({ image: 'web' })).toEqual([grant]);
      await catalog.revokeGrant(grant, later);
      expect(await catalog.listGrants({ inForce: true })).toEqual([]);
      expect(await catalog.listGrants({ inForce: false })).toEqual([{ ...grant, revokedAt: later }]);
      await catalog.putGrant({ ...grant, grantedAt: later });
      expect(await catalog.listGrants({ account: '111111111111', inForce: true })).toHaveLength(1);
    });

    test('a lease has one holder', async () => {
      expect(await catalog.acquireLease('web', 'one')).toEqual({ kind: 'acquired' });
      expect(await catalog.acquireLease('web', 'one')).toEqual({ kind: 'acquired' });
      expect(await catalog.acquireLease('web', 'two')).toEqual({ kind: 'held', by: 'one' });
      await catalog.releaseLease('web', 'two');
      expect(await catalog.acquireLease('web', 'two')).toEqual({ kind: 'held', by: 'one' });
      await catalog.releaseLease('web', 'one');
      expect(await catalog.acquireLease('web', 'two')).toEqual({ kind: 'acquired' });
    });

    test('a dead holder’s lease goes to one of those that want it', async () => {
      await catalog.acquireLease('web', 'dead');
      const won = await Promise.all([
        catalog.takeOverLease('web', 'dead', 'a'),
        catalog.takeOverLease('web', 'dead', 'b'),
      ]);
      expect(won.toSorted()).toEqual([false, true]);
    });

    test('an event is recorded once', async () => {
      const event = { id: 'e1', kind: 'image.published', at, image: 'web', detail: { version: 1 } };
      expect(await catalog.recordEvent(event)).toBe(true);
      expect(await catalog.recordEvent({ ...event, at: later })).toBe(false);
      await catalog.recordEvent({ id: 'e2', kind: 'index.changed', at: later, detail: {} });
      expect(await catalog.listEvents({ image: 'web' })).toEqual([event]);
      expect((await catalog.listEvents({})).map((it) => it.id)).toEqual(['e2', 'e1']);
    });

    test('an alias is taken away, and taken away again', async () => {
      await catalog.setAlias('web', 'latest', 1);
      await catalog.removeAlias('web', 'latest');
      await catalog.removeAlias('web', 'latest');
      expect(await catalog.aliases('web')).toEqual({});
    });

    test('decisions are kept once each, and found by image, version, account and action', async () => {
      const first = decisionOf('d1', { policies: [{ id: 'approved', effect: 'permit', file: 'a.cedar', line: 2 }] });
      const second = decisionOf('d2', { account: '222222222222', allowed: false, at: later });
      await catalog.recordDecisions([first]);
      await catalog.recordDecisions([first]);
      await catalog.recordDecisions([second, decisionOf('d3', { image: 'db', action: 'copy', at: later })]);
      await catalog.recordDecisions([]);
      expect(await catalog.listDecisions({ image: 'web' })).toEqual([second, first]);
      expect(await catalog.listDecisions({ image: 'web', account: '222222222222' })).toEqual([second]);
      expect((await catalog.listDecisions({ action: 'copy' })).map((it) => it.id)).toEqual(['d3']);
      expect(await catalog.listDecisions({ image: 'web', version: 2 })).toEqual([]);
      expect(await catalog.listDecisions({ limit: 1 })).toHaveLength(1);
    });

    test('documents are replaced whole', async () => {
      expect(await catalog.getDocument('seen')).toBeUndefined();
      await catalog.putDocument('seen', { a: 1 });
      await catalog.putDocument('seen', { b: [2] });
      expect(await catalog.getDocument('seen')).toEqual({ b: [2] });
    });
  });
}
