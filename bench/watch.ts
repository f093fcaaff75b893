/**
 * `node bench/watch.ts [IMAGES [CHANGE,…]]`: looks at everything (`kiln tick`) with thousands of published images and 1,000 accounts, after each kind of
 * change. Specs, policies, records and advisories are real files and records; what they say is synthetic, and nothing is booted.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cachedAdvisorySource } from '../src/adapters/local/cached-advisory-source.ts';
import { folderArtifactStore } from '../src/adapters/local/folder-artifact-store.ts';
import { folderImageRegistry } from '../src/adapters/local/folder-image-registry.ts';
import { folderSpecSource } from '../src/adapters/local/folder-spec-source.ts';
import { sqliteCatalog } from '../src/adapters/local/sqlite-catalog.ts';
import { keepKnown, STAMP } from '../src/app/gate/examination.ts';
import { judgingInputs } from '../src/app/gate/judging-inputs.ts';
import { tick } from '../src/app/watch/tick.ts';
import type { ImageVersion } from '../src/model/build.ts';
import type { Ports } from '../src/ports/ports.ts';
import { silent } from '../src/ports/progress.ts';
import { compilePolicies } from '../src/validator/compile-policy.ts';
import { newRecord, unanswered, withAnswers } from '../src/validator/examination-record.ts';
import { contextOf } from '../src/validator/validate.ts';
import { makeInputs } from '../test/support/universe.ts';
import { imageWith } from '../test/unit/validator/healthy-image.ts';
import { makeImages, makeTracker } from './advisories.ts';

const SIZES = { advisories: 100_000, sources: 4_000, packages: 50 };
const ACCOUNTS = 1_000;
const TEAMS = 100;
const START = Date.parse('2026-11-22T10:00:00Z');

export interface WatchFigures {
  readonly images: number;
  /** Of each change: seconds of the look after it, of them on the processor, and images judged again. */
  readonly looks: Readonly<Record<string, { seconds: number; processor: number; judged: number }>>;
  readonly peakMiB: number;
}

/** Runs in a process of its own, for what it keeps in memory. */
export async function benchWatch(
  images: number,
  log: (line: string) => void,
  only?: readonly string[],
): Promise<WatchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-watch-'));
  try {
    return await measure(folder, images, log, only);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  images: number,
  log: (line: string) => void,
  only?: readonly string[],
): Promise<WatchFigures> {
  const world = await makeWorld(folder, images);
  log('made');
  const looks: Record<string, { seconds: number; processor: number; judged: number }> = {};
  const look = async (name: string) => {
    // What changed a moment ago is looked at once more, so each change is some seconds old.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const [begun, processor] = [performance.now(), process.cpuUsage()];
    const { rejudged, started, troubled } = await tick(world.ports, { rejudge: world.ports });
    const { user, system } = process.cpuUsage(processor);
    const seconds = (performance.now() - begun) / 1_000;
    looks[name] = { seconds, processor: (user + system) / 1e6, judged: rejudged.length };
    log(
      `${name}: ${seconds.toFixed(2)} s (processor ${((user + system) / 1e6).toFixed(2)} s), ${rejudged.length} judged, ${started.length} built, ${troubled.length} troubled`,
    );
    if (troubled.length > 0) log(`  ${troubled[0]!.image}: ${troubled[0]!.reason}`);
  };
  await look('first look');
  await look('nothing changed');
  for (const [name, change] of Object.entries(world.changes)) {
    if (only && !only.includes(name)) continue;
    change();
    await look(name);
    await look(`after: ${name}`);
  }
  return { images, looks, peakMiB: process.resourceUsage().maxRSS / 1_024 };
}

interface World {
  readonly ports: Ports;
  readonly changes: Readonly<Record<string, () => void>>;
}

async function makeWorld(folder: string, count: number): Promise<World> {
  const tracker = makeTracker({ ...SIZES, images: count });
  const shipped = makeImages({ ...SIZES, images: count });
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, 'specs', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'specs', path), text);
  };
  const policy = (team: number, limit = 'critical') =>
    `name: team-${team}\nscope: { labels: { team: "${team}" } }\nrules:\n  - { rule: no-known-vulnerability, parameters: { limit: ${limit} } }\n`;
  const organisation =
    'name: organisation\nextends: [baseline]\nadvisories: [{ file: known.json }]\nrules: [{ rule: no-known-vulnerability, parameters: { limit: critical } }]\n';
  const accounts = (renamed = '') =>
    `accounts:\n${Array.from({ length: ACCOUNTS }, (_, at) => `  - { id: "${100_000_000_000 + at}", name: "a${at}${at === 7 ? renamed : ''}", organizationalUnit: unit-${at % TEAMS} }\n`).join('')}`;
  const advise = () => write('policies/known.json', JSON.stringify(tracker));
  const specOf = (at: number, test = '') =>
    `name: app-${at}\nlabels: { team: "${at % TEAMS}" }\napplication: { packages: [app], run: { unit: app.service }, ports: [8080] }\ndistribute: { organizationalUnits: [unit-${at % TEAMS}] }\n${test}`;
  write('accounts.yaml', accounts());
  write('policies/organisation.yaml', organisation);
  for (let team = 0; team < TEAMS; team += 1) write(`policies/team-${team}.yaml`, policy(team));
  advise();
  for (let at = 0; at < count; at += 1) write(`images/app-${at}/image.yaml`, specOf(at));
  const state = { index: 'index-1' };
  const ports = portsOver(folder, state);
  const common = await commonArtifacts(ports);
  for (const [at, { packages }] of shipped.entries()) {
    const sources = packages.map((it) => `${it.name} ${it.sourceName} ${it.sourceVersion}`);
    await publish(ports, `app-${at}`, join(folder, 'specs', `images/app-${at}/image.yaml`), common, sources);
  }
  const hit = shipped[3]!.packages[5]!;
  const changes = {
    'an advisory of one package': () => {
      const entry = { releases: { bookworm: { status: 'open', urgency: 'low' } } };
      tracker[hit.sourceName] = { ...tracker[hit.sourceName], 'CVE-2027-1': entry };
      advise();
    },
    'one policy of one team': () => write('policies/team-3.yaml', policy(3, 'high')),
    'one account': () => write('accounts.yaml', accounts(' renamed')),
    'one test of one image': () =>
      write('images/app-5/image.yaml', specOf(5, 'tests: [{ name: again, tcp: { port: 8080 } }]\n')),
    'an index that changes no image': () => {
      state.index = 'index-2';
    },
  };
  return { ports, changes };
}

function portsOver(folder: string, state: { index: string }): Ports {
  const catalog = sqliteCatalog(join(folder, 'catalog.sqlite'));
  const store = folderArtifactStore(join(folder, 'artifacts'));
  const [{ index, text }] = makeInputs({ bookworm: { app: '' } }) as [ReturnType<typeof makeInputs>[number]];
  const packages = join(folder, 'Packages');
  writeFileSync(packages, text);
  return {
    catalog,
    store,
    registry: folderImageRegistry(join(folder, 'registry'), store),
    specs: folderSpecSource({ catalog }),
    clock: { now: () => START },
    progress: silent,
    notifier: { notify: async () => undefined },
    executions: { isRunning: async () => false, start: async () => undefined },
    testBed: {
      launch: async ({ key }: { key: string }) => ({ id: key }),
      probe: async (_: unknown, test: { name: string }) => ({ name: test.name, passed: true }),
      console: async () => '',
      stop: async () => ({ clean: true }),
      running: async () => [],
    },
    advisories: cachedAdvisorySource({ cache: join(folder, 'cache') }),
    source: { indexes: async () => [{ ...index, path: packages, sha256: state.index }] },
    folders: { cache: join(folder, 'cache') },
  } as unknown as Ports;
}

type Common = Pick<ImageVersion, 'lockDigest' | 'diskDigest'> & { readonly inventoryDigest: string };

/** What all images have alike: their own files would only take room. */
async function commonArtifacts({ store }: Ports): Promise<Common> {
  const packs = [...compilePolicies([]).packs.values()].filter((it) => ['runs', 'baseline'].includes(it.name));
  const image = imageWith();
  const empty = newRecord(image, STAMP);
  const record = withAnswers(empty, unanswered(empty, packs), contextOf(image));
  return {
    inventoryDigest: await store.put({ bytes: gzipSync(JSON.stringify(record)) }),
    lockDigest: await store.put({ bytes: Buffer.from(JSON.stringify(image.lock)) }),
    diskDigest: await store.put({ bytes: Buffer.from('disk') }),
  };
}

/** Registers a version that was judged by what holds now. */
async function publish(ports: Ports, image: string, spec: string, common: Common, sources: string[]): Promise<void> {
  const { catalog, registry, specs } = ports;
  await catalog.putImage({ name: image, spec, addedAt: '2026-01-01T00:00:00.000Z' });
  const buildId = `${image}-1`;
  const number = await catalog.allocateVersion(image, buildId);
  const { lockDigest, diskDigest, inventoryDigest } = common;
  const { imageId } = await registry.register({
    image,
    version: number,
    diskDigest,
    description: image,
    tags: {},
    key: buildId,
  });
  const version: ImageVersion = {
    image,
    version: number,
    state: 'available',
    imageId,
    buildId,
    lockDigest,
    diskDigest,
    treeDigest: 't'.repeat(64),
    createdAt: new Date(START - 86_400_000).toISOString(),
    facts: {
      tests: [{ name: 'answers', passed: true }],
      onePlace: true,
      inventoryDigest,
      sources,
      tree: 'x'.repeat(4_000),
    },
  };
  const { inputs, known } = await judgingInputs(ports, await specs.load(image), version);
  const judged = { judgedBy: inputs, testsDigest: inputs.tests, vulnerabilitiesDigest: await keepKnown(ports, known) };
  await catalog.putVersion({ ...version, facts: { ...version.facts, ...judged } });
  await catalog.setAlias(image, 'latest', number);
}

if (import.meta.main) {
  const figures = await benchWatch(
    Number(process.argv[2] ?? 10_000),
    (line) => console.error(line),
    process.argv[3]?.split(','),
  );
  console.log(JSON.stringify(figures));
}
