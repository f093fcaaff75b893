import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { sha256 } from '../src/model/canonical.ts';
import type { VerifiedIndex } from '../src/model/package.ts';
import { type Impact, impactOfPacked } from '../src/resolver/impact/impact.ts';
import type { LockedState, PackedImages } from '../src/resolver/impact/impact-images.ts';
import { checkInstallability } from '../src/resolver/installability.ts';
import { readArchive } from '../src/resolver/proof/check-clauses.ts';
import { type ResolveOutcome, resolve } from '../src/resolver/resolve.ts';
import { loadUniverse } from '../src/resolver/universe/load-universe.ts';
import { buildUniverse, type Universe } from '../src/resolver/universe/universe.ts';
import { differenceOf } from '../src/resolver/universe/universe-difference.ts';
import { machineIndexes } from '../test/support/machine-index.ts';
import { makeResolution, makeRoots } from '../test/support/universe.ts';
import { makeRandom } from './random.ts';
import {
  askApt,
  askAspcud,
  askDose,
  askLibsolv,
  convertForLibsolv,
  type PeerAnswer,
  rememberAnswers,
} from './resolver-peers.ts';

/**
 * The resolver beside apt, libsolv, aspcud and dose, in one run on the machine's own index. Parts: closure, sample, many, impact, whole. Prints
 * ratios first; writes bench/results/resolver.json. `--all-peers` asks the peers for every package of the sample, which takes half an hour:
 * otherwise for `--peers` of them.
 */
const { values: options } = parseArgs({
  options: {
    parts: { type: 'string', default: 'closure,sample,many,impact,whole' },
    samples: { type: 'string', default: '200' },
    peers: { type: 'string', default: '20' },
    'all-peers': { type: 'boolean', default: false },
    many: { type: 'string', default: '500' },
    images: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '5' },
    'make-images': { type: 'string' },
  },
});

const WORK = join(import.meta.dirname, 'work', 'resolver');
const CACHE = join(WORK, 'cache');
mkdirSync(CACHE, { recursive: true });

/** The indexes as files, so that every contender starts from the disk. */
const inputs = machineIndexes().map(({ index, text }) => {
  const path = join(WORK, `${index.codename}.packages`);
  writeFileSync(path, text);
  return { index: { ...index, path }, text };
});
const indexes: VerifiedIndex[] = inputs.map((it) => it.index);

const results: Record<string, unknown> = {};

function report(part: string, rows: Record<string, unknown>): void {
  results[part] = rows;
  console.log(`\n${part}`);
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(44)} ${value}`);
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** The least of several runs: what is above it is the machine's other work. */
const least = (runs: number, measure: () => number): number => Math.min(...Array.from({ length: runs }, measure));

function answer(universe: Universe, names: readonly string[], substitutes = false): ResolveOutcome {
  return resolve(universe, { roots: makeRoots(names), resolution: makeResolution({ substitutes }) });
}

interface Measured {
  readonly ms: number;
  readonly peakKiB: number;
}

async function benchClosure(universe: Universe): Promise<void> {
  const script = join(WORK, 'process.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [join(import.meta.dirname, 'resolver-process.ts')],
    outfile: script,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    banner: { js: banner },
    logLevel: 'error',
  });
  const listing = join(WORK, 'indexes.json');
  writeFileSync(listing, JSON.stringify(indexes));
  const run = (cache: string): Measured => {
    const start = performance.now();
    const { stdout } = spawnSync(process.execPath, [script, listing, cache, 'nginx'], { encoding: 'utf8' });
    return { ms: performance.now() - start, peakKiB: JSON.parse(stdout).peakKiB };
  };
  const conversion = convertForLibsolv(
    WORK,
    inputs.map((it) => it.text),
  );
  loadUniverse(CACHE, indexes, 'amd64');
  const turns = Array.from({ length: Number(options.runs) }, () => ({
    apt: askApt(WORK, 'nginx').ms,
    cold: run('-'),
    libsolv: askLibsolv(WORK, 'nginx', universe).ms,
    warm: run(CACHE),
  }));
  const best = (of: 'apt' | 'libsolv'): number => Math.min(...turns.map((it) => it[of]));
  const bestRun = (of: 'cold' | 'warm'): Measured => turns.map((it) => it[of]).reduce((a, b) => (a.ms < b.ms ? a : b));
  const [apt, libsolv, cold, warm] = [best('apt'), best('libsolv'), bestRun('cold'), bestRun('warm')];
  const inProcess = least(20, () => {
    const start = performance.now();
    answer(universe, ['nginx']);
    return performance.now() - start;
  });
  report('closure of nginx, proven', {
    'cold process / apt-get -s': round(cold.ms / apt, 2),
    'warm process / testsolv with its .solv': round(warm.ms / libsolv, 2),
    'cold process, ms': round(cold.ms),
    'apt-get -s, ms': round(apt),
    'warm process, ms': round(warm.ms),
    'testsolv, ms': round(libsolv),
    'deb2solv, ms': round(conversion),
    'warm in process, ms': round(inProcess, 2),
    'peak memory cold, MB': round((cold.peakKiB * 1024) / 1e6),
    'peak memory warm, MB': round((warm.peakKiB * 1024) / 1e6),
  });
}

function benchSample(universe: Universe): void {
  const names = [...universe.names()];
  const random = makeRandom(7);
  const sample = Array.from({ length: Number(options.samples) }, () => names[random(names.length)]!);
  const times: number[] = [];
  let unproven = 0;
  let unsatisfiable = 0;
  for (const name of sample) {
    const start = performance.now();
    const outcome = answer(universe, [name]);
    times.push(performance.now() - start);
    if (outcome.kind === 'unsatisfiable') unsatisfiable += 1;
    else if (!outcome.proven) unproven += 1;
  }
  const archive = readArchive(inputs, 'amd64');
  const peers: Record<string, (name: string) => PeerAnswer> = {
    apt: (name) => askApt(WORK, name),
    libsolv: (name) => askLibsolv(WORK, name, universe),
    aspcud: (name) => askAspcud(WORK, archive, name),
  };
  const compared = Object.entries(peers).flatMap(([peer, ask]) => comparePeer(universe, sample, peer, ask));
  report(`${sample.length} packages at random`, {
    ...Object.fromEntries(compared),
    'not proven': unproven,
    'without any valid set': unsatisfiable,
    'median, ms': round(median(times), 2),
    'worst, ms': round(Math.max(...times)),
  });
}

/** Whether any of many requests for up to 50 packages at once runs into a time limit. */
function benchMany(universe: Universe): void {
  const names = [...universe.names()];
  const random = makeRandom(50);
  const times: number[] = [];
  const kinds = { proven: 0, 'stopped by the limit': 0, 'without any valid set': 0 };
  for (let i = 0; i < Number(options.many); i += 1) {
    const roots = Array.from({ length: 1 + random(50) }, () => names[random(names.length)]!);
    const start = performance.now();
    const outcome = resolve(universe, { roots: makeRoots(roots), resolution: makeResolution(), timeLimitMs: 60_000 });
    times.push(performance.now() - start);
    if (outcome.kind === 'unsatisfiable') kinds['without any valid set'] += 1;
    else kinds[outcome.proven ? 'proven' : 'stopped by the limit'] += 1;
  }
  report(`${options.many} requests for up to 50 packages`, {
    ...kinds,
    'median, ms': round(median(times), 2),
    'worst, ms': round(Math.max(...times)),
  });
}

/** Sizes of a peer's sets against the least ones when Provides are read as the peer reads them. */
function comparePeer(
  universe: Universe,
  sample: readonly string[],
  peer: string,
  ask: (name: string) => PeerAnswer,
): [string, unknown][] {
  let [answered, larger, smaller, peerKiB, ownKiB] = [0, 0, 0, 0, 0];
  const asked = options['all-peers'] ? sample : sample.slice(0, Number(options.peers));
  const inputsDigest = sha256(inputs.map((it) => sha256(it.text)).join());
  const remembered = rememberAnswers(join(WORK, `answers-${peer}.jsonl`), inputsDigest, ask);
  for (const [at, name] of asked.entries()) {
    const outcome = answer(universe, [name], true);
    process.stderr.write(`\r${peer}: ${at + 1} of ${asked.length} `);
    const { names } = remembered(name);
    if (names.length === 0 || outcome.kind !== 'resolved') continue;
    const size = names.reduce((sum, it) => sum + (universe.candidate(it)?.installedSizeKiB ?? 0), 0);
    answered += 1;
    peerKiB += size;
    ownKiB += outcome.installedSizeKiB;
    if (size > outcome.installedSizeKiB) larger += 1;
    if (size < outcome.installedSizeKiB) {
      smaller += 1;
      console.error(`\n${peer} has ${size} KiB for ${name}, and this ${outcome.installedSizeKiB} KiB`);
    }
  }
  return [
    [`${peer}: sets larger / smaller than ours / asked`, `${larger} / ${smaller} / ${answered}`],
    [`${peer}: size / ours`, round(peerKiB / ownKiB, 2)],
  ];
}

function benchImpact(after: Universe): void {
  const before = buildUniverse(inputs.slice(0, 1), 'amd64');
  const packed = readImages(Number(options.images));
  const { images, states } = packed;
  const since = () => ({ isUntouched: differenceOf(before, after).isUntouched });
  const named = measured(() => [...impactOfPacked(packed, after, since())]);
  const changed = new Map(named.result.map((it) => [it.image, it]));
  const random = makeRandom(99);
  const asked = Array.from({ length: 200 }, () => images[random(images.length)]!);
  const told = new Map(asked.map((it): [string, Impact | undefined] => [it.name, undefined]));
  const complete = measured(() => {
    for (const it of impactOfPacked(packed, after, { ...since(), complete: true })) {
      if (told.has(it.image)) told.set(it.image, it);
    }
  });
  const [wrong, wrongChanges] = [new Set<string>(), new Set<string>()];
  for (const image of asked) {
    const locked = Array.from(image.closure, (it) => states[it]!);
    const outcome = resolve(after, image);
    const now = outcome.kind === 'resolved' ? differing(locked, outcome.packages) : undefined;
    if ((now?.size === 0) === changed.has(image.name)) wrong.add(image.name);
    const said = told.get(image.name);
    const same = now ? sameNames(now, said?.changes ?? []) : said?.cause === 'unsatisfiable';
    if (!same) wrongChanges.add(image.name);
  }
  const better = [...changed.values()].filter((it) => it.cause !== 'updated').length;
  report(`impact of all updates on ${images.length} images`, {
    ms: round(named.ms),
    'processor time, ms': round(named.cpuMs),
    'memory, MB': round(named.memory / 1e6),
    'images that change': changed.size,
    'of those for another reason than a locked package': better,
    'wrong among 200 resolved again': wrong.size,
    'with the new sets of all that change, ms': round(complete.ms),
    'with the new sets, processor time, ms': round(complete.cpuMs),
    'with the new sets, memory, MB': round(complete.memory / 1e6),
    'new sets wrong among 200 resolved again': wrongChanges.size,
  });
}

interface Work<T> {
  readonly result: T;
  readonly ms: number;
  readonly cpuMs: number;
  /** Bytes of the whole process when it was done. */
  readonly memory: number;
}

function measured<T>(work: () => T): Work<T> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { result, ms, cpuMs: (user + system) / 1000, memory: process.memoryUsage().rss };
}

/** Names of packages that are on one side only, or not the same on both. */
function differing(locked: readonly LockedState[], now: readonly LockedState[]): Set<string> {
  const tell = (it: LockedState): string => `${it.name} ${it.version} ${it.sha256}`;
  const [old, current] = [new Set(locked.map(tell)), new Set(now.map(tell))];
  const gone = locked.filter((it) => !current.has(tell(it)));
  const come = now.filter((it) => !old.has(tell(it)));
  return new Set([...gone, ...come].map((it) => it.name));
}

function sameNames(expected: ReadonlySet<string>, changes: readonly { readonly name: string }[]): boolean {
  const names = new Set(changes.map((it) => it.name));
  return names.size === expected.size && [...names].every((it) => expected.has(it));
}

/** What a process of its own made, so that its memory is not counted: packages once, images as numbers into them. */
interface ImageFile {
  readonly packages: readonly LockedState[];
  readonly images: readonly { readonly roots: readonly string[]; readonly closure: readonly number[] }[];
}

/** Images of 1–20 packages at random, locked against the main index alone. */
function writeImages(count: number, path: string): void {
  const universe = buildUniverse(inputs.slice(0, 1), 'amd64');
  const names = [...universe.names()];
  const random = makeRandom(5);
  const numbers = new Map<string, number>();
  const images: ImageFile['images'][number][] = [];
  while (images.length < count) {
    const roots = Array.from({ length: 1 + random(20) }, () => names[random(names.length)]!);
    const outcome = answer(universe, roots);
    if (outcome.kind === 'unsatisfiable') continue;
    for (const { name } of outcome.packages) if (!numbers.has(name)) numbers.set(name, numbers.size);
    images.push({ roots, closure: outcome.packages.map((it) => numbers.get(it.name)!) });
  }
  const packages = Array.from(numbers.keys(), (name) => ({ name, ...universe.identity(name)! }));
  writeFileSync(path, JSON.stringify({ packages, images } satisfies ImageFile));
}

function readImages(count: number): PackedImages {
  const path = join(WORK, `images-${count}.json`);
  if (!existsSync(path)) {
    spawnSync(process.execPath, [import.meta.filename, '--make-images', path, '--images', String(count)], {
      stdio: 'inherit',
    });
  }
  const { packages, images }: ImageFile = JSON.parse(readFileSync(path, 'utf8'));
  const resolution = makeResolution();
  const packed = images.map(({ roots, closure }, i) => ({
    name: `image-${i}`,
    roots: makeRoots(roots),
    resolution,
    closure: Uint32Array.from(closure),
    others: new Uint32Array(),
  }));
  return { states: packages, images: packed };
}

function benchWhole(): void {
  const start = performance.now();
  const universe = buildUniverse(inputs.slice(0, 1), 'amd64');
  const { checked, broken } = checkInstallability(universe, { pin: {}, substitutes: true });
  const ms = performance.now() - start;
  const dose = askDose(inputs[0]!.index.path);
  const own = broken.map((it) => it.package.name);
  report('whole main index, can each package be resolved', {
    'time / dose-debcheck': round(ms / dose.ms, 2),
    ms: round(ms),
    'dose-debcheck, ms': round(dose.ms),
    packages: checked,
    broken: own.length,
    'same list as dose': own.join() === dose.names.join(),
  });
}

async function main(): Promise<void> {
  const parts = options.parts.split(',');
  if (parts.includes('impact')) benchImpact(buildUniverse(inputs, 'amd64'));
  const universe = loadUniverse(CACHE, indexes, 'amd64');
  if (parts.includes('closure')) await benchClosure(universe);
  if (parts.includes('sample')) benchSample(universe);
  if (parts.includes('many')) benchMany(universe);
  if (parts.includes('whole')) benchWhole();
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const sources = inputs.map(({ index, text }) => ({ codename: index.codename, bytes: text.length }));
  // Parts that were not run this time keep what they said last time.
  const path = join(folder, 'resolver.json');
  const kept = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const text = JSON.stringify({ ...kept, node: process.version, indexes: sources, ...results }, undefined, 2);
  writeFileSync(path, `${text}\n`);
}

const making = options['make-images'];
if (making === undefined) await main();
else writeImages(Number(options.images), making);
