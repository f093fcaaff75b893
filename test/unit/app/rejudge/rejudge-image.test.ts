import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdvisedWorld, advisedWorld } from '../../../support/advised-world.ts';
import { OUTSIDER, SHOP, STAGING } from '../../../support/image-world.ts';

const ORGANISATION = `name: organisation
extends: [baseline]
advisories: [{ file: known.json }]
rules:
  - rule: no-known-vulnerability
    parameters: { limit: low }
`;

const advisory = (id: string, fixed?: string, urgency = 'high') => ({
  [id]: { releases: { bookworm: { status: fixed ? 'resolved' : 'open', fixed_version: fixed, urgency } } },
});
const known = (...advisories: object[]) =>
  JSON.stringify({ libapp1: Object.assign({}, ...advisories), other: advisory('CVE-2026-9') });

describe('a published image is judged again', () => {
  let world: AdvisedWorld;
  beforeEach(async () => {
    world = advisedWorld();
    await world.publish();
    await world.look();
    world.started.length = 0;
    world.notices.length = 0;
  });
  afterEach(() => world.close());

  const both = { catalog: [SHOP, STAGING], registry: [SHOP, STAGING] };
  const nobody = { catalog: [], registry: [] };

  test('it goes to those whom spec, accounts and policies permit', async () => {
    expect(await world.granted()).toEqual(both);
    expect((await world.look()).rejudged).toEqual([]);
  });

  test('a policy that it breaks takes the grants back, and one that is mended gives them again', async () => {
    world.write(
      'policies/own.yaml',
      'name: own\nrules:\n  - { id: none, title: no libapp1, require: "!packages.exists(p, p.name == \\"libapp1\\")" }\n',
    );
    const { rejudged, started } = await world.look();
    expect(rejudged).toMatchObject([{ cause: { kind: 'policy' }, obstacle: 'none: not so: no libapp1' }]);
    expect(await world.granted()).toEqual(nobody);
    expect(started).toEqual([]);
    expect(world.notices).toMatchObject([
      { kind: 'image.rejudged', detail: { takenBack: [{ account: SHOP }, { account: STAGING }] } },
    ]);
    world.write('policies/own.yaml', 'name: own\n');
    await world.look();
    expect(await world.granted()).toEqual(both);
  });

  test('an advisory of a package that it has takes the grants back; one of another package does not even look', async () => {
    world.write('policies/own.yaml', ORGANISATION);
    world.write('policies/known.json', known());
    await world.look();
    expect(await world.granted()).toEqual(both);
    world.write('policies/known.json', known({ ...advisory('CVE-2026-1') }));
    const { rejudged } = await world.look();
    expect(rejudged).toMatchObject([
      { cause: { kind: 'advisory' }, obstacle: 'no-known-vulnerability: libapp1 has CVE-2026-1 (high)' },
    ]);
    expect(await world.granted()).toEqual(nobody);
    world.write(
      'policies/known.json',
      JSON.stringify({ ...JSON.parse(known(advisory('CVE-2026-1'))), more: advisory('CVE-2026-2') }),
    );
    expect((await world.look()).rejudged).toEqual([]);
  });

  test('a waiver of a vulnerability lets it through until its last day is over', async () => {
    const waiver =
      'waivers:\n  - { rule: no-known-vulnerability, vulnerability: CVE-2026-1, owner: ops, reason: not reached, expires: 2026-11-30 }\n';
    world.write('policies/own.yaml', ORGANISATION + waiver);
    world.write('policies/known.json', known(advisory('CVE-2026-1')));
    await world.look();
    expect(await world.granted()).toEqual(both);
    world.now = Date.parse('2026-12-01T00:00:00Z');
    await world.look();
    expect(await world.granted()).toEqual(nobody);
  });

  test('an account’s own policy concerns that account alone', async () => {
    world.write(
      'policies/shop.yaml',
      `name: shop\nscope: { accounts: ["${SHOP}"] }\nrules:\n  - { id: none, title: no libapp1, require: "size(packages) == 0" }\n`,
    );
    await world.look();
    expect(await world.granted()).toEqual({ catalog: [STAGING], registry: [STAGING] });
  });

  test('an account that is removed loses it, one that is added and named gets it', async () => {
    world.write('accounts.yaml', `accounts: [{ id: "${OUTSIDER}", name: o, organizationalUnit: production }]\n`);
    const { rejudged } = await world.look();
    expect(rejudged).toMatchObject([{ cause: { kind: 'account' }, given: [{ account: OUTSIDER }] }]);
    expect(await world.granted()).toEqual({ catalog: [OUTSIDER], registry: [OUTSIDER] });
  });

  test('a test that changed is asked of the same image; one that fails takes the grants back', async () => {
    const spec = `name: app
labels: { tier: web }
application: { packages: [app], run: { unit: app.service }, ports: [8080] }
distribute: { organizationalUnits: [production], accounts: ["${STAGING}"] }
tests: [{ name: it answers quickly, tcp: { port: 8080 } }]
`;
    world.write('image.yaml', spec);
    world.failing.add('it answers quickly');
    const { rejudged, started } = await world.look();
    expect(rejudged).toMatchObject([{ cause: { kind: 'test' } }]);
    expect(started).toEqual([]);
    expect(await world.granted()).toEqual(nobody);
    expect(world.instances).toEqual([]);
  });

  test('a grant that somebody took back by hand is not given again', async () => {
    const [grant] = await world.ports.catalog.listGrants({ image: 'app', account: SHOP, inForce: true });
    const { imageId } = (await world.ports.catalog.getVersion('app', 1))!;
    await world.ports.registry.revoke(imageId, [SHOP]);
    await world.ports.catalog.revokeGrant(grant!, '2026-11-22T11:00:00.000Z');
    world.write('policies/own.yaml', 'name: own\nrules: [{ rule: setuid-files }]\n');
    expect((await world.look()).rejudged).toHaveLength(1);
    expect(await world.granted()).toEqual({ catalog: [STAGING], registry: [STAGING] });
  });

  test('while a policy or advisory file is wrong, the last good ones stay in force, and it is told', async () => {
    world.write('policies/own.yaml', ORGANISATION);
    world.write('policies/known.json', known(advisory('CVE-2026-1')));
    await world.look();
    expect(await world.granted()).toEqual(nobody);
    world.write(
      'policies/known.json',
      '{"libapp1": {"CVE-2026-1": {"releases": {"bookworm": {"status": "resolved"}}}}}',
    );
    expect((await world.look()).troubled).toMatchObject([
      { reason: expect.stringMatching(/known\.json:1:\d+: .*fixed_version is missing/) },
    ]);
    expect(await world.granted()).toEqual(nobody);
    world.write('policies/own.yaml', 'name: [');
    const { troubled } = await world.look();
    expect(troubled[0]!.reason).toMatch(/the last good policies stay in force: policies\/own\.yaml:1/);
    expect(await world.granted()).toEqual(nobody);
    world.write('accounts.yaml', `accounts: [{ id: "${STAGING}", name: s }]\n`);
    world.write('policies/known.json', known());
    await world.look();
    expect(await world.granted()).toEqual({ catalog: [STAGING], registry: [STAGING] });
  });
});
