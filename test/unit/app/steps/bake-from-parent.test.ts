import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sqliteCatalog } from '../../../../src/adapters/local/sqlite-catalog.ts';
import { localFolders } from '../../../../src/adapters/local/work-folders.ts';
import { bakeFromParent, type ParentBakePorts } from '../../../../src/app/steps/bake-from-parent.ts';
import { openTarTree } from '../../../../src/formats/archive/tar-tree.ts';
import type { FileTree } from '../../../../src/model/file-tree.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { systemClock } from '../../../../src/ports/clock.ts';
import type { ParentBakeRequest, ParentBakeState } from '../../../../src/ports/parent-baker.ts';
import { silent } from '../../../../src/ports/progress.ts';

const DIGEST = 'a'.repeat(64);
const deb = (name: string, layer: string) => ({ name, version: '1', sha256: name.padEnd(64, '0'), layer });
const spec = imageSpec.parse({
  name: 'web',
  bake: { with: 'image-builder', parent: 'ami-0123456789abcdef0', keep: ['chrony'] },
  application: {
    packages: ['app'],
    files: [{ path: '/srv/page', content: 'hello', mode: '0640', group: 'www-data' }],
    run: { command: ['/usr/bin/app', '100% "sure"'], user: 'www-data', environment: { HOME: '/srv' } },
  },
});

describe('baking on a parent', () => {
  let folder: string;
  let ports: ParentBakePorts;
  let states: ParentBakeState[];
  let asked: ParentBakeRequest | undefined;
  let overlay: FileTree | undefined;
  const bake = () => bakeFromParent(ports, { image: 'web', buildId: 'web-1' });
  const step = async () => (await ports.catalog.getBuild('web-1'))?.steps.find((it) => it.step === 'bake');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kiln-parent-'));
    asked = undefined;
    states = [];
    const catalog = sqliteCatalog(join(folder, 'catalog.sqlite'));
    const requestedAt = '2026-01-01T00:00:00.000Z';
    const resolve = {
      step: 'resolve',
      startedAt: requestedAt,
      outcome: 'succeeded' as const,
      result: { lockDigest: DIGEST },
    };
    const cause = { kind: 'request' as const };
    await catalog.createBuild({ id: 'web-1', image: 'web', cause, state: 'running', requestedAt, steps: [resolve] });
    writeFileSync(
      join(folder, 'lock.json'),
      JSON.stringify(lockOf(['app', 'closure'], ['dash', 'evidence'], ['linux-image', 'boot'])),
    );
    ports = {
      catalog,
      clock: systemClock,
      progress: silent,
      specs: { load: async () => ({ spec, directory: folder, digest: DIGEST, lockInputs: DIGEST }) } as never,
      store: { read: async () => readFileSync(join(folder, 'lock.json')) } as never,
      source: {
        fetch: async (all: { sha256: string }[]) => new Map(all.map((it) => [it.sha256, `/debs/${it.sha256}`])),
      } as never,
      folders: localFolders({ work: join(folder, 'work'), cache: join(folder, 'cache') }),
      parentBaker: {
        async bake(_, request) {
          if (!asked) {
            asked = await request();
            overlay = openTarTree(asked.overlay as string);
          }
          return states.shift() as ParentBakeState;
        },
      },
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('it is pending until the service is done, and its image and tree are what was baked', async () => {
    states = [
      { kind: 'pending', detail: 'Image Builder: building' },
      { kind: 'made', imageId: 'ami-1', treeDigest: DIGEST },
    ];
    expect(await bake()).toEqual({ outcome: 'pending', detail: 'Image Builder: building' });
    expect(await step()).toMatchObject({ outcome: 'running', detail: 'Image Builder: building' });
    expect(await bake()).toMatchObject({ outcome: 'succeeded', made: 'ami-1', treeDigest: DIGEST });
    expect(await step()).toMatchObject({
      outcome: 'succeeded',
      result: { facts: { parent: 'ami-0123456789abcdef0' } },
    });
  });

  test('one that failed is refused with the service’s reason', async () => {
    states = [{ kind: 'failed', reason: 'step InstallPackages ended with status 100' }];
    expect(await bake()).toMatchObject({ outcome: 'refused', detail: 'step InstallPackages ended with status 100' });
  });

  test('it is asked for the closure and its evidence, not for what boots Kiln’s own images', async () => {
    states = [{ kind: 'pending', detail: '' }];
    await bake();
    expect(asked?.packages.map((it) => it.name)).toEqual(['app', 'dash']);
    expect(asked).toMatchObject({
      keep: ['chrony'],
      unit: 'kiln-application.service',
      owners: { '/srv/page': 'root:www-data' },
    });
  });

  test('the overlay has the files of the application’s own, and a unit for its command', async () => {
    states = [{ kind: 'pending', detail: '' }];
    await bake();
    expect(overlay?.lookup('/srv/page')).toMatchObject({ mode: 0o640, size: 5 });
    const unit = overlay?.read('/etc/systemd/system/kiln-application.service').toString();
    expect(unit).toContain('ExecStart="/usr/bin/app" "100%% \\"sure\\""');
    expect(unit).toContain('User=www-data');
  });

  test('a machine without such a service says so', async () => {
    const { parentBaker: _, ...without } = ports;
    ports = without;
    await expect(bake()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

function lockOf(...packages: [name: string, layer: string][]) {
  const common = {
    architecture: 'amd64',
    source: { name: 's', version: '1' },
    sizeBytes: 1,
    installedSizeKiB: 1,
    filename: 'f',
    index: 0,
  };
  const why = [{ kind: 'spec', field: 'application.packages' }];
  return {
    lockVersion: 1,
    image: 'web',
    specDigest: DIGEST,
    os: { family: 'debian', release: 'bookworm', architecture: 'amd64' },
    indexes: [],
    packages: packages.map(([name, layer]) => ({ ...deb(name, layer), ...common, why, sha256: DIGEST })),
    build: { base: [], tools: [] },
    excluded: { packages: 0, essential: [] },
    proof: { kind: 'optimal', installedSizeKiB: 1, lowerBoundKiB: 1 },
    digest: DIGEST,
  };
}
