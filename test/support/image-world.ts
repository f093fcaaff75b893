import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderArtifactStore } from '../../src/adapters/local/folder-artifact-store.ts';
import { folderImageRegistry } from '../../src/adapters/local/folder-image-registry.ts';
import { folderSpecSource } from '../../src/adapters/local/folder-spec-source.ts';
import { sqliteCatalog } from '../../src/adapters/local/sqlite-catalog.ts';
import { STAMP } from '../../src/app/gate/examination.ts';
import type { Cause, ImageVersion } from '../../src/model/build.ts';
import type { ImageTest } from '../../src/model/spec.ts';
import type { Notice } from '../../src/ports/notifier.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { silent } from '../../src/ports/progress.ts';
import type { Instance } from '../../src/ports/test-bed.ts';
import { compilePolicies } from '../../src/validator/compile-policy.ts';
import { newRecord, unanswered, withAnswers } from '../../src/validator/examination-record.ts';
import { contextOf } from '../../src/validator/validate.ts';
import { imageWith } from '../unit/validator/healthy-image.ts';

/** Accounts of the world's first `accounts.yaml`. */
export const SHOP = '111111111111';
export const STAGING = '222222222222';
export const OUTSIDER = '333333333333';

const ACCOUNTS = `accounts:
  - { id: "${SHOP}", name: shop, organizationalUnit: production/web }
  - { id: "${STAGING}", name: staging, organizationalUnit: staging, labels: { tier: test } }
  - { id: "${OUTSIDER}", name: outsider, organizationalUnit: partners }
`;

const SPEC = `name: app
labels: { tier: web }
application: { packages: [app], run: { unit: app.service }, ports: [8080] }
distribute: { organizationalUnits: [production], accounts: ["${STAGING}"] }
`;

/** An image that was baked, tested and published, with real records in real stores; instances are only pretended. */
export interface ImageWorld {
  readonly ports: Ports;
  /** Path of the image's spec, and what it says at first. */
  readonly spec: string;
  readonly text: string;
  /** What `accounts.yaml` says at first. */
  readonly accounts: string;
  /** Milliseconds since the epoch; a test moves it. */
  now: number;
  /** Names of tests that fail when they are asked. */
  readonly failing: Set<string>;
  readonly notices: Notice[];
  readonly started: { image: string; cause: Cause; key: string }[];
  readonly instances: Instance[];
  /** Tests that were asked of instances. */
  readonly asked: string[];
  /** Writes a file beside the spec: `accounts.yaml`, `policies/own.yaml`; null removes it. */
  write(path: string, text: string | null): void;
  /** Bakes nothing, but registers a version as a build that passed would have, shared with nobody. */
  publish(change?: Partial<ImageVersion>): Promise<ImageVersion>;
  close(): void;
}

/** `spec` is laid after the spec's other lines. */
export function imageWorld(spec = ''): ImageWorld {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-world-'));
  const catalog = sqliteCatalog(join(folder, 'catalog.sqlite'));
  const store = folderArtifactStore(join(folder, 'artifacts'));
  const write = (path: string, text: string | null) => {
    const file = join(folder, 'specs', path);
    mkdirSync(dirname(file), { recursive: true });
    if (text === null) rmSync(file, { force: true });
    else writeFileSync(file, text);
  };
  write('accounts.yaml', ACCOUNTS);
  write('image.yaml', SPEC + spec);
  const texts = { spec: join(folder, 'specs/image.yaml'), text: SPEC + spec, accounts: ACCOUNTS };
  const [notices, started, instances, asked] = [[], [], [], []] as [
    Notice[],
    ImageWorld['started'],
    Instance[],
    string[],
  ];
  const failing = new Set<string>();
  const world = {
    ...texts,
    now: Date.parse('2026-11-22T10:00:00Z'),
    failing,
    notices,
    started,
    instances,
    asked,
    write,
  };
  const ports = {
    catalog,
    store,
    registry: folderImageRegistry(join(folder, 'registry'), store),
    specs: folderSpecSource({ catalog }),
    clock: { now: () => here.now },
    progress: silent,
    notifier: { notify: async (it: Notice) => void notices.push(it) },
    executions: {
      isRunning: async () => false,
      start: async (it: ImageWorld['started'][number]) => {
        if (!started.some((other) => other.key === it.key)) started.push(it);
      },
    },
    testBed: testBedOf(world, () => here.now),
    advisories: { open: () => Promise.reject(new Error('no advisories here')) },
  } as unknown as Ports;
  const here: ImageWorld = {
    ...world,
    ports,
    publish: (change) => publish(ports, here, change),
    close: () => {
      catalog.close();
      rmSync(folder, { recursive: true });
    },
  };
  return here;
}

function testBedOf(
  { instances, asked, failing }: Pick<ImageWorld, 'instances' | 'asked' | 'failing'>,
  now: () => number,
) {
  const nameOf = (test: ImageTest) => test.name ?? JSON.stringify(test);
  return {
    async launch({ imageId, account, key }: { imageId: string; account: string; key: string }): Promise<Instance> {
      const instance = { id: `i-${key}`, account, imageId, endpoints: {}, machine: 'none' };
      const known = instances.find((it) => it.id === instance.id);
      if (!known) instances.push({ ...instance, launchedAt: new Date(now()).toISOString() });
      return instances.find((it) => it.id === instance.id) as Instance;
    },
    async probe(_: Instance, test: ImageTest) {
      asked.push(nameOf(test));
      return { name: nameOf(test), passed: !failing.has(nameOf(test)) };
    },
    console: async () => '',
    async stop({ id }: Instance) {
      const at = instances.findIndex((it) => it.id === id);
      if (at >= 0) instances.splice(at, 1);
      return { clean: true };
    },
    running: async () => [...instances],
  };
}

/** What was kept of the healthy image's examination by the packs that judge every image. */
function recordOf() {
  const packs = [...compilePolicies([]).packs.values()].filter((it) => ['runs', 'baseline'].includes(it.name));
  const image = imageWith();
  const empty = newRecord(image, STAMP);
  return withAnswers(empty, unanswered(empty, packs), contextOf(image));
}

async function publish(
  ports: Ports,
  world: Pick<ImageWorld, 'now' | 'spec'>,
  change: Partial<ImageVersion> = {},
): Promise<ImageVersion> {
  const { catalog, store, registry } = ports;
  await catalog.putImage({ name: 'app', spec: world.spec, addedAt: '2026-01-01T00:00:00.000Z' });
  const at = new Date(world.now).toISOString();
  const buildId = change.buildId ?? `app-${(await catalog.listVersions('app')).length + 1}`;
  const version = await catalog.allocateVersion('app', buildId);
  const put = (value: unknown) => store.put({ bytes: Buffer.from(JSON.stringify(value)) });
  const diskDigest = await store.put({ bytes: Buffer.from(`disk ${version}`) });
  const { imageId } = await registry.register({
    image: 'app',
    version,
    diskDigest,
    description: 'an image',
    tags: {},
    key: buildId,
  });
  const made: ImageVersion = {
    image: 'app',
    version,
    state: 'available',
    imageId,
    buildId,
    lockDigest: await put(imageWith().lock),
    diskDigest,
    treeDigest: 't'.repeat(64),
    createdAt: at,
    ...change,
    facts: {
      tests: [{ name: 'it answers', passed: true }],
      onePlace: true,
      inventoryDigest: await store.put({ bytes: gzipSync(JSON.stringify(recordOf())) }),
      ...change.facts,
    },
  };
  await catalog.putVersion(made);
  await registry.alias('app/latest', imageId);
  await catalog.setAlias('app', 'latest', version);
  return made;
}
