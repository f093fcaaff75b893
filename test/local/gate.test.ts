import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixSpec } from '../../src/app/application/fix-spec.ts';
import { tick } from '../../src/app/watch/tick.ts';
import type { DebSource } from '../support/deb.ts';
import { makeElf } from '../support/make-elf.ts';
import { type SmallKiln, smallKiln } from '../support/small-kiln.ts';

/** The gate from end to end: real archives, bakes, policies and records; only the boot is pretended. */

const SHOP = '111111111111';
const FOLDER = '/usr/lib/x86_64-linux-gnu';
const program = (elf: Parameters<typeof makeElf>[0] = {}) => ({ content: makeElf(elf), mode: 0o755 });

const app: DebSource = {
  name: 'app',
  architecture: 'amd64',
  depends: 'libapp1',
  files: {
    '/usr/sbin/app': program({ needed: ['libapp.so.1'] }),
    '/usr/lib/systemd/system/app.service': '[Service]\nExecStart=/usr/sbin/app\n',
  },
};
const libapp = (version: string): DebSource => ({
  name: 'libapp1',
  version,
  architecture: 'amd64',
  files: { [`${FOLDER}/libapp.so.1`]: makeElf({ soname: 'libapp.so.1' }), '/usr/share/libapp/version': version },
});

const SPEC = {
  name: 'app',
  application: { packages: ['app'], run: { unit: 'app.service' }, ports: [8080] },
  distribute: { accounts: [SHOP] },
};

const POLICY = `name: organisation
extends: [baseline]
advisories: [{ file: known.json }]
rules: [{ rule: no-known-vulnerability, parameters: { limit: low } }]
`;

let world: SmallKiln;
beforeEach(async () => {
  world = await smallKiln();
  world.write('accounts.yaml', { accounts: [{ id: SHOP, name: 'shop' }] });
});
afterEach(() => world.close());

const look = () => tick(world.kiln.ports, { rejudge: world.kiln.ports });
const granted = async () => {
  const grants = await world.kiln.ports.catalog.listGrants({ image: 'app', inForce: true });
  return grants.map((it) => `${it.account} ${it.image}@${it.version}`);
};

async function build(spec: object = SPEC) {
  const image = await world.kiln.addSpec(world.write('image.yaml', spec));
  return world.kiln.build({ image });
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('a vulnerability of a package in a published image', () => {
  const advisory = (fixed: string) =>
    JSON.stringify({
      libapp1: {
        'CVE-2026-1': { releases: { bookworm: { status: 'resolved', fixed_version: fixed, urgency: 'high' } } },
      },
    });

  test('is judged while no source has the fix, and built once one has', { timeout: 120_000 }, async () => {
    await world.publish([app, libapp('1-1')], minutesAgo(50));
    world.write('policies/organisation.yaml', POLICY);
    world.write('policies/known.json', '{}');
    expect(await build()).toMatchObject({ kind: 'succeeded' });
    expect(await granted()).toEqual([`${SHOP} app@1`]);
    await look();

    world.write('policies/known.json', advisory('1-2'));
    const judged = await look();
    expect(judged.rejudged).toMatchObject([
      { cause: { kind: 'advisory' }, obstacle: expect.stringContaining('CVE-2026-1') },
    ]);
    expect(judged.started).toEqual([]);
    expect(await granted()).toEqual([]);

    await world.publish([app, libapp('1-2')], minutesAgo(40));
    expect(await look()).toMatchObject({ started: [{ image: 'app', cause: { kind: 'component' } }], troubled: [] });
    const versions = await world.kiln.ports.catalog.listVersions('app');
    expect(versions.map((it) => [it.version, it.state])).toEqual([
      [2, 'available'],
      [1, 'available'],
    ]);
    expect(await world.kiln.ports.catalog.aliases('app')).toEqual({ latest: 2 });
    expect(await granted()).toEqual([`${SHOP} app@2`]);
    expect((await look()).started).toEqual([]);
  });

  test('is built at once where the fix was in the sources before anybody knew', { timeout: 120_000 }, async () => {
    await world.publish([app, libapp('1-1')], minutesAgo(50));
    world.write('policies/organisation.yaml', POLICY);
    world.write('policies/known.json', '{}');
    await build();
    await look();
    await world.publish([app, libapp('1-2')], minutesAgo(40));
    // The new index was seen already, and nothing was built of it.
    const { catalog, source } = world.kiln.ports;
    const { spec } = await world.kiln.ports.specs.load('app');
    const indexes = (await source.indexes(spec.os, world.kiln.ports.progress)).map((it) => it.sha256).sort();
    const seen = (await catalog.getDocument('seen:app')) as { inputs: object };
    await catalog.putDocument('seen:app', { ...seen, inputs: { ...seen.inputs, indexes } });

    world.write('policies/known.json', advisory('1-2'));
    const { started, rejudged } = await look();
    expect(rejudged).toMatchObject([{ cause: { kind: 'advisory' } }]);
    expect(started).toEqual([
      { image: 'app', cause: { kind: 'advisory', detail: 'the sources mend CVE-2026-1 in libapp1' } },
    ]);
    expect(await granted()).toEqual([`${SHOP} app@2`]);
  });
});

describe('a build that is refused', () => {
  test('is mended by what kiln fix proposes', { timeout: 120_000 }, async () => {
    // The unit runs a program of a package that nothing asks for.
    const data: DebSource = { name: 'app-data', files: { '/usr/bin/helper': program() } };
    const service = '[Service]\nExecStartPre=/usr/bin/helper\nExecStart=/usr/sbin/app\n';
    const needy = { ...app, files: { ...app.files, '/usr/lib/systemd/system/app.service': service } };
    await world.publish([needy, libapp('1-1'), data]);
    await build();
    const { ports } = world.kiln;
    expect(await ports.catalog.listBuilds({ image: 'app' })).toMatchObject([{ state: 'refused' }]);
    const fix = await fixSpec(ports, 'app');
    expect(fix.changes).toMatchObject([{ field: 'resolution.include', add: ['app-data'] }]);
    expect(fix.others).toEqual([]);
    writeFileSync(fix.spec, fix.fixed);
    expect(await world.kiln.build({ image: 'app' })).toMatchObject({ kind: 'succeeded' });
    expect(readFileSync(join(world.folder, 'image.yaml'), 'utf8')).toContain('app-data');
  });
});
