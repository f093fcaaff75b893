/**
 * `node bench/planning-aws.ts [IMAGES]`: the deployed function `watch-changes` finds out which of thousands of published images an update
 * of the archive changes: its bundle in a process of its own on one processor within 1,769 MiB, over the emulator's DynamoDB, a bucket
 * in memory (the emulator's own reads all keys for every list) and this machine's own archives. Locks are resolved from the real indexes; names of images, specs and what was looked at before are synthetic.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type BatchWriteItemCommandInput, CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { copyBundle } from '../lib/constructs/bundling.ts';
import { dynamoCatalog } from '../src/adapters/aws/dynamo-catalog.ts';
import { inParallel } from '../src/adapters/aws/in-parallel.ts';
import { s3ArtifactStore } from '../src/adapters/aws/s3-artifact-store.ts';
import { s3SpecSource } from '../src/adapters/aws/s3-spec-source.ts';
import { aptPackageSource } from '../src/adapters/local/apt-package-source.ts';
import { indexesDigest } from '../src/app/impact/known-under.ts';
import { encodeBook, type PlannedVersion } from '../src/app/impact/plan-book.ts';
import { openArchive, universeFile } from '../src/app/lock/closure.ts';
import { encodeLooks, type Seen } from '../src/app/watch/look-book.ts';
import { sha256 } from '../src/model/canonical.ts';
import { imageSpec } from '../src/model/spec.ts';
import { systemClock } from '../src/ports/clock.ts';
import { silent } from '../src/ports/progress.ts';
import { numberStates } from '../src/resolver/impact/impact-images.ts';
import { resolve } from '../src/resolver/resolve.ts';
import type { Universe } from '../src/resolver/universe/universe.ts';
import { openArchiveProxy } from '../test/support/emulator/archive-proxy.ts';
import { putAptConfiguration } from '../test/support/emulator/deployed-kiln.ts';
import type { Route } from '../test/support/emulator/door.ts';
import { startEmulator } from '../test/support/emulator/emulator.ts';
import { locateMoto } from '../test/support/emulator/locate-moto.ts';
import { catalogTable } from '../test/support/emulator/resources.ts';
import { earlierIndexes } from './earlier-universe.ts';
import { memoryBucket } from './memory-bucket.ts';
import { makeRandom } from './random.ts';

const MEMORY_MIB = 1_769;
const DISTINCT = 1_000;
/** Images whose lock is of a version that the archive has no more, and packages besides that the archive has changed since. */
const [CHANGED, CHANGED_BESIDES] = [3, 20];
const [TABLE, BUCKET, ROLE] = ['kiln-catalog', 'kiln-artifacts', 'arn:aws:iam::123456789012:role/bench'];
const AT = '2026-01-01T00:00:00.000Z';
const OS = imageSpec.parse({ name: 'a', application: { packages: ['a1'], run: { command: ['/a'] } } });

export interface PlanningFigures {
  readonly images: number;
  readonly changed: number;
  readonly runs: Readonly<Record<string, Run>>;
}

interface Run {
  /** From the event to the answer, and what the emulator took of that; the process's start is not in it. */
  readonly seconds: number;
  readonly emulatorSeconds: number;
  readonly processorSeconds: number;
  readonly peakMiB: number;
  readonly started: number;
  readonly dynamo: number;
  readonly s3: number;
}

/** Calls that went through the door, and the time in which at least one was under way; `bucket` answers for S3. */
function gauge(bucket: Route) {
  const counts = { dynamodb: 0, s3: 0 } as Record<string, number>;
  let [under, since, busyMs] = [0, 0, 0];
  return {
    counts,
    busyMs: () => busyMs,
    reset() {
      for (const name of Object.keys(counts)) counts[name] = 0;
      busyMs = 0;
    },
    route: (async (call, forward) => {
      counts[call.service] = (counts[call.service] ?? 0) + 1;
      if (under === 0) since = performance.now();
      under += 1;
      try {
        return (await bucket(call, forward)) ?? (await forward(call));
      } finally {
        under -= 1;
        if (under === 0) busyMs += performance.now() - since;
      }
    }) as Route,
  };
}

/** Measures; the emulator's own processor is the other one. */
export async function benchPlanning(images: number, log: (line: string) => void): Promise<PlanningFigures> {
  const moto = locateMoto();
  if ('missing' in moto) throw new Error(moto.missing);
  const folder = mkdtempSync(join(tmpdir(), 'kiln-planning-'));
  const proxy = await openArchiveProxy();
  const calls = gauge(memoryBucket());
  const emulator = await startEmulator(moto.command, [calls.route]);
  Object.assign(process.env, emulator.environment);
  try {
    await makeResources();
    const environment = { ...emulator.environment, ...proxy.environment };
    copyBundle('watch-changes', join(folder, 'index.mjs'));
    const { encoded, book } = await makeImages(images, join(folder, 'earlier'), log);
    const seen = async (index: string) => putBooks(folder, { images, encoded, book, index });
    const runs: Record<string, Run> = {};
    const run = async (name: string) => {
      calls.reset();
      const figures = await runBundle(folder, environment);
      const { dynamodb: dynamo = 0, s3 = 0 } = calls.counts;
      runs[name] = { ...figures, emulatorSeconds: calls.busyMs() / 1000, dynamo, s3 };
      log(`${name}: ${JSON.stringify(runs[name])}`);
    };
    await seen('another');
    await run('an update, first function to see it');
    await seen('another');
    await run('an update, universe in the bucket');
    await run('the look after it');
    return { images, changed: CHANGED, runs };
  } finally {
    await emulator.stop();
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeResources(): Promise<void> {
  await new DynamoDBClient({}).send(new CreateTableCommand(catalogTable(TABLE)));
  const definition = JSON.stringify({ StartAt: 'End', States: { End: { Type: 'Succeed' } } });
  for (const name of ['kiln-build-image', 'kiln-build-fleet'])
    await new SFNClient({}).send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE }));
  const put = async (Key: string, Body: string | Uint8Array) => {
    await new S3Client({}).send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  };
  await putAptConfiguration(put);
  await put('settings/accounts.yaml', 'accounts: []\n');
}

interface Made {
  readonly encoded: Buffer;
  readonly book: ReadonlyMap<string, PlannedVersion>;
}

/** Published images with their specs and records; their locks are in the plan book, as the last look left it. */
async function makeImages(count: number, folder: string, log: (line: string) => void): Promise<Made> {
  const cache = process.env.KILN_CACHE ?? '/var/lib/kiln/cache';
  const source = aptPackageSource({ cache, clock: systemClock });
  const { universe, indexes } = await openArchive({ source, progress: silent, folders: { cache } as never }, OS.os);
  const locked = resolvedSets(universe);
  log(`${locked.length} sets resolved`);
  const numbers = numberStates();
  const versions = new Map<string, PlannedVersion>();
  const earlier = earlierIndexes(folder, indexes, changedVersions(universe, locked), universe.architecture);
  const file = universeFile(earlier, universe.architecture);
  const universes = new Map([[indexesDigest(earlier), file]]);
  const Body = zstdCompressSync(readFileSync(join(folder, file)));
  await new S3Client({}).send(new PutObjectCommand({ Bucket: BUCKET, Key: `universes/${file}.zst`, Body }));
  for (let at = 0; at < count; at += 1) {
    const { roots, packages } = locked[at % locked.length]!;
    const states = packages.map(({ name, version, sha256: of }) => ({ name, version, sha256: of }));
    const changed = states.find((it) => it.name === changedOf(locked[at % locked.length]!))!;
    const old = { ...changed, version: oldVersion(changed.version), sha256: sha256('old') };
    const closure = Uint32Array.from(
      states.map((it) => (at < CHANGED && it === changed ? old : it)),
      numbers.numberOf,
    );
    const { os, resolution, boot } = OS;
    const image = `app-${at}`;
    const version = {
      image,
      version: 1,
      os,
      kernel: boot.kernel,
      roots,
      resolution,
      closure,
      others: new Uint32Array(),
      under: indexesDigest(earlier),
    };
    versions.set(`${image}@1`, version);
  }
  await putSpecs(count);
  log('specs put');
  await putRecords(count);
  log('records put');
  return { encoded: encodeBook({ states: numbers.states, versions, universes }), book: versions };
}

/** Of a set, the package that changed: one that was asked for, since what many have in common changes all images. */
const changedOf = ({ roots }: { readonly roots: readonly string[] }): string => roots[0]!;
const oldVersion = (version: string): string => `${version}~old`;

/** What the archive had before: old versions of what some images have, and of packages at random. */
function changedVersions(universe: Universe, locked: ReturnType<typeof resolvedSets>): Record<string, string> {
  const names = [...universe.names()];
  const random = makeRandom(6);
  const besides = Array.from({ length: CHANGED_BESIDES }, () => names[random(names.length)]!);
  const first = locked.slice(0, CHANGED).map(changedOf);
  return Object.fromEntries(
    [...first, ...besides].map((name) => [name, oldVersion(universe.candidate(name)!.version)]),
  );
}

function resolvedSets(universe: Universe) {
  const names = [...universe.names()];
  const random = makeRandom(5);
  const found = [];
  while (found.length < DISTINCT) {
    const roots = Array.from({ length: 1 + random(4) }, () => names[random(names.length)]!);
    const why = { kind: 'spec', field: 'application.packages' } as const;
    const asked = { roots: roots.map((relation) => ({ relation, why })), resolution: OS.resolution };
    const outcome = resolve(universe, asked);
    if (outcome.kind === 'resolved') found.push({ roots, packages: outcome.packages });
  }
  return found;
}

async function putSpecs(count: number): Promise<void> {
  const s3 = new S3Client({});
  const files = Array.from({ length: count }, (_, at) => at).flatMap((at) => {
    const spec = `name: app-${at}\napplication: { packages: [hello], run: { command: [/usr/bin/hello] } }\n`;
    return [
      { Key: `settings/images/app-${at}/image.yaml`, Body: spec },
      { Key: `settings/images/app-${at}/image.lock`, Body: '{}' },
    ];
  });
  await inParallel(8, files, async (it) => void (await s3.send(new PutObjectCommand({ Bucket: BUCKET, ...it }))));
}

/** The record of a version is read where its image is looked at itself. */
function versionOf(image: string, at: number) {
  const digest = 'd'.repeat(64);
  return {
    pk: `IMAGE#${image}`,
    sk: 'VERSION#0000000001',
    allPk: 'VERSIONS',
    allSk: `${image}#0000000001`,
    record: {
      ...{ image, version: 1, state: 'registered', imageId: `ami-${at}`, buildId: `${image}-1`, createdAt: AT },
      ...{ lockDigest: digest, diskDigest: digest, treeDigest: digest, facts: {} },
    },
  };
}

const keyOf = (at: number) => `settings/images/app-${at}/image.yaml`;

async function putRecords(count: number): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const items = Array.from({ length: count }, (_, at) => `app-${at}`).flatMap((image, at) => [
    { pk: 'IMAGES', sk: image, spec: keyOf(at), addedAt: AT },
    { pk: 'REVISIONS', sk: image, number: 5 },
    { pk: `IMAGE#${image}`, sk: 'ALIAS#latest', version: 1, allPk: 'ALIASED#latest', allSk: image },
    ...(at < CHANGED ? [versionOf(image, at)] : []),
  ]);
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, at) => items.slice(at * 25, at * 25 + 25));
  await inParallel(4, batches, async (batch) => {
    const RequestItems = { [TABLE]: batch.map((Item) => ({ PutRequest: { Item } })) };
    await client.send(new BatchWriteCommand({ RequestItems } as unknown as BatchWriteItemCommandInput as never));
  });
}

interface Books {
  readonly images: number;
  readonly encoded: Buffer;
  readonly book: ReadonlyMap<string, PlannedVersion>;
  /** Digest of the indexes that were looked at last. */
  readonly index: string;
}

/** What the look before left: the plan book, and that every image was looked at with nothing to do. */
async function putBooks(folder: string, { images, encoded, index }: Books): Promise<void> {
  const catalog = dynamoCatalog({ table: TABLE, client: new DynamoDBClient({}) });
  const s3 = { bucket: BUCKET, client: new S3Client({}) };
  const store = s3ArtifactStore({ ...s3, cache: join(folder, 'seeding') });
  const names = Array.from({ length: images }, (_, at) => ({ name: `app-${at}`, reads: [keyOf(at)] }));
  await new Promise((done) => setTimeout(done, 5_500));
  const stamps = await s3SpecSource({ ...s3, folder: join(folder, 'unused') }).stamps?.(names);
  const seen = new Map<string, Seen>();
  for (const { name, reads } of names) {
    const stamp = stamps?.get(name) ?? '';
    seen.set(name, { reads, stamp, revision: 5, os: OS.os, indexes: index, advisories: [], sources: [], warnings: [] });
  }
  await catalog.putDocument('plan:book', { digest: await store.put({ bytes: encoded }) });
  // The function believes only what its own bundle wrote.
  const looks = JSON.parse(gunzipSync(encodeLooks({ images: seen, advisories: new Map() })).toString());
  const [version] = String(looks.madeBy).split(' ');
  const own = `${version} ${sha256(readFileSync(join(folder, 'index.mjs')))}`;
  const bytes = gzipSync(JSON.stringify({ ...looks, madeBy: own }));
  await catalog.putDocument('watch:book', { digest: await store.put({ bytes }) });
}

const RUNNER = `
const { handler } = await import(process.env.BUNDLE);
const end = Date.now() + 900_000;
const context = { functionName: 'kiln-watch-changes', awsRequestId: 'bench', getRemainingTimeInMillis: () => end - Date.now() };
const [begun, processor] = [performance.now(), process.cpuUsage()];
const answer = await handler({}, context);
const { user, system } = process.cpuUsage(processor);
const seconds = (performance.now() - begun) / 1000;
process.send({ seconds, processorSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024,
  started: answer.started.length, troubled: answer.troubled.slice(0, 3) });
`;

const VARIABLES = {
  ...{
    KILN_TABLE: TABLE,
    KILN_BUCKET: BUCKET,
    KILN_BUS: 'kiln',
    KILN_ALIAS_PATH: '/kiln/images',
    KILN_PROBER: 'kiln-probe',
  },
  KILN_MACHINE: 'arn:aws:states:eu-west-1:123456789012:stateMachine:kiln-build-image',
  KILN_FLEET: 'arn:aws:states:eu-west-1:123456789012:stateMachine:kiln-build-fleet',
  ...{ KILN_TEST_SUBNET: 'subnet-1', KILN_TEST_SECURITY_GROUP: 'sg-1', KILN_TEST_INSTANCE_TYPE: 't3.small' },
  ...{ POWERTOOLS_TRACE_ENABLED: 'false', POWERTOOLS_SERVICE_NAME: 'bench', POWERTOOLS_METRICS_DISABLED: 'true' },
};

type Figures = Omit<Run, 'emulatorSeconds' | 'dynamo' | 's3'>;

async function runBundle(folder: string, environment: Readonly<Record<string, string>>): Promise<Figures> {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: '/root', KILN_SCRATCH: scratch, BUNDLE: join(folder, 'index.mjs') },
    ...{
      ...environment,
      ...VARIABLES,
      NODE_OPTIONS: `--max-old-space-size=${Math.round(MEMORY_MIB * 0.9)}`,
    },
  };
  const node = [process.execPath, '--input-type=module', '--eval', RUNNER];
  const child = spawn('taskset', ['-c', '0', ...node], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const release = limitMemory(child);
  try {
    const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]);
    if (!answer) throw new Error('the function ended without an answer');
    const { troubled, ...figures } = answer as Figures & { troubled: { reason: string }[] };
    for (const { reason } of troubled) console.error(`  troubled: ${reason}`);
    return figures;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit').catch(() => undefined);
    release();
  }
}

/** A control group, where this machine lets one be made; else the peak alone says what was used. */
function limitMemory({ pid }: ChildProcess): () => void {
  const group = `/sys/fs/cgroup/memory/kiln-bench-${process.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(MEMORY_MIB * 2 ** 20));
    for (const task of readdirSync(`/proc/${pid}/task`)) writeFileSync(join(group, 'cgroup.procs'), task);
    return () => rmdirSync(group);
  } catch {
    return () => undefined;
  }
}

if (import.meta.main) {
  const figures = await benchPlanning(Number(process.argv[2] ?? 10_000), (line) => console.error(line));
  console.log(JSON.stringify(figures, null, 2));
  process.exit(0);
}
