import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanUp } from '../../../../src/app/retention/clean-up.ts';
import { type AdvisedWorld, advisedWorld } from '../../../support/advised-world.ts';
import { SHOP } from '../../../support/image-world.ts';

const POLICY = `name: organisation
extends: [baseline]
advisories: [{ file: known.json }]
rules: [{ rule: no-known-vulnerability, parameters: { limit: low } }]
`;
const WAIVER =
  'waivers: [{ rule: setuid-files, owner: ops, reason: none, expires: 2026-11-30 }, { rule: setuid-files, image: other, owner: ops, reason: none, expires: 2026-11-23 }]\n';

const open = { releases: { bookworm: { status: 'open', urgency: 'high' } } };
const known = (...sources: string[]) =>
  JSON.stringify(Object.fromEntries(sources.map((it) => [it, { 'CVE-2026-1': open }])));

describe('an image is looked at again', () => {
  let world: AdvisedWorld;
  beforeEach(async () => {
    world = advisedWorld();
    world.write('policies/organisation.yaml', POLICY + WAIVER);
    world.write('policies/known.json', known('other'));
    await world.publish();
    // The first look judges it, the second one sees that nothing is left to do.
    await world.look();
    await world.look();
    world.loaded.length = 0;
    expect(await world.look()).toEqual({ started: [], rejudged: [], troubled: [] });
    expect(world.loaded).toEqual([]);
  });
  afterEach(() => world.close());

  test.each<{ summary: string; change: (world: AdvisedWorld) => unknown }>([
    { summary: 'its spec changed', change: (it) => it.write('image.yaml', `${it.text}owner: somebody\n`) },
    { summary: 'a policy changed', change: (it) => it.write('policies/organisation.yaml', POLICY) },
    {
      summary: 'an access policy came',
      change: (it) => it.write('policies/a.cedar', 'permit (principal, action, resource);'),
    },
    {
      summary: 'the accounts changed',
      change: (it) => it.write('accounts.yaml', it.accounts.replace('shop', 'store')),
    },
    {
      summary: 'an advisory speaks of its packages',
      change: (it) => it.write('policies/known.json', known('other', 'libapp1')),
    },
    { summary: 'advisories cannot be read', change: (it) => it.write('policies/known.json', '{') },
    { summary: 'a waiver ended', change: (it) => Object.assign(it, { now: Date.parse('2026-12-01T00:00:00Z') }) },
    {
      summary: 'an index changed that its plan cannot be made by',
      change: (it) => Object.assign(it, { index: 'index-2' }),
    },
    {
      summary: 'a version was withdrawn',
      change: (it) => it.ports.catalog.updateVersion('app', 1, { state: 'recalled' }),
    },
    {
      summary: 'a grant was revoked',
      change: (it) =>
        it.ports.catalog.revokeGrant(
          { image: 'app', version: 1, account: SHOP, region: 'local' },
          '2026-11-22T11:00:00.000Z',
        ),
    },
    { summary: 'another version was published', change: (it) => it.publish() },
  ])('where $summary', async ({ change }) => {
    await change(world);
    await world.look();
    expect(world.loaded).toContain('app');
  });

  test.each<{ summary: string; change: (world: AdvisedWorld) => unknown }>([
    {
      summary: 'an advisory speaks of other packages',
      change: (it) => it.write('policies/known.json', known('other', 'more')),
    },
    { summary: 'a day goes by', change: (it) => Object.assign(it, { now: it.now + 3 * 86_400_000 }) },
    {
      summary: 'caches are cleaned',
      change: (it) => cleanUp({ ...it.ports, source: {} as never, folders: { ...it.ports.folders, sweep: () => [] } }),
    },
  ])('but not where $summary', async ({ change }) => {
    await change(world);
    await world.look();
    expect(world.loaded).toEqual([]);
    await world.look();
    expect(world.loaded).toEqual([]);
  });

  test('and after something else changed in the meantime, what an advisory says is still noticed', async () => {
    world.write('policies/known.json', known('other', 'more'));
    await world.look();
    world.write('policies/known.json', known('other', 'more', 'libapp1'));
    expect((await world.look()).rejudged).toMatchObject([{ cause: { kind: 'advisory' } }]);
    expect(await world.granted()).toEqual({ catalog: [], registry: [] });
  });

  test('what is wrong is told at each look, until it is mended', async () => {
    world.write('policies/own.yaml', 'name: [');
    const told = { troubled: [{ image: 'app', reason: expect.stringMatching(/last good policies stay in force/) }] };
    expect(await world.look()).toMatchObject(told);
    world.loaded.length = 0;
    expect(await world.look()).toMatchObject(told);
    expect(world.loaded).toEqual([]);
    world.write('policies/own.yaml', null);
    expect((await world.look()).troubled).toEqual([]);
  });
});
