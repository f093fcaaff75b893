/**
 * Bakes nginx from one `file:` repository, in turn with mmdebstrap's essential variant from the same repository, and tells the ratios.
 * Kiln's time goes from the spec to the finished disk, index and resolving included; mmdebstrap's to the finished root folder alone.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCleartextMessage, generateKey, sign } from 'openpgp';
import { parse, stringify } from 'yaml';
import { aptPackageSource } from '../src/adapters/local/apt-package-source.ts';
import { loadWithDigests } from '../src/adapters/local/folder-spec-source.ts';
import { localFolders } from '../src/adapters/local/work-folders.ts';
import { openArchive } from '../src/app/lock/closure.ts';
import { makeLock } from '../src/app/lock/make-lock.ts';
import { systemClock } from '../src/ports/clock.ts';
import { silent } from '../src/ports/progress.ts';
import { type Ratio, ratio } from './statistics.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface BakeFigures {
  readonly runs: number;
  /** Kiln with nothing cached: index fetched, resolved, evidence gathered, baked. */
  readonly cold: Ratio;
  /** Of that the bake alone, from the lock to the disk; mmdebstrap's time is the same. */
  readonly coldBake: Ratio;
  /** Kiln with the configured base of these package versions there, as for every further image. */
  readonly warm: Ratio;
  readonly treeBytes: Ratio;
  readonly allocatedBytes: number;
  readonly peakResolverMiB: number;
}

interface Repository {
  readonly folder: string;
  readonly keyring: string;
}

/** Runs both in turn, `runs` times. Needs root, and the packages of `scripts/debian-packages.json`. */
export async function benchBake(work: string, runs: number, log: (line: string) => void): Promise<BakeFigures> {
  const repository = await makeRepository(join(work, 'repository'), log);
  const spec = specFor(repository, join(work, 'spec'));
  const times = { cold: [] as number[], coldBake: [] as number[], warm: [] as number[], peer: [] as number[] };
  let baked: Baked | undefined;
  let peerBytes = 0;
  for (let run = 1; run <= runs; run++) {
    const home = mkdtempSync(join(work, 'home-'));
    baked = bake(spec, home, false);
    times.cold.push(baked.seconds);
    times.coldBake.push(baked.bakeSeconds);
    times.warm.push(bake(spec, home, true).seconds);
    const peer = mmdebstrap(repository, join(work, 'peer'));
    times.peer.push(peer.seconds);
    peerBytes = peer.bytes;
    rmSync(home, { recursive: true, force: true });
    log(
      `bake ${run}/${runs}: cold ${times.cold.at(-1)?.toFixed(1)} s, warm ${times.warm.at(-1)?.toFixed(1)} s, mmdebstrap ${peer.seconds.toFixed(1)} s`,
    );
  }
  if (!baked) throw new Error('internal: no run');
  return {
    runs,
    cold: ratio(times.cold, times.peer),
    coldBake: ratio(times.coldBake, times.peer),
    warm: ratio(times.warm, times.peer),
    treeBytes: { value: baked.treeBytes, peer: peerBytes, ratio: baked.treeBytes / peerBytes },
    allocatedBytes: baked.allocatedBytes,
    peakResolverMiB: baked.peakMiB,
  };
}

interface Baked {
  readonly seconds: number;
  readonly treeBytes: number;
  readonly allocatedBytes: number;
  readonly peakMiB: number;
  readonly bakeSeconds: number;
}

/** Resolves and bakes in a process of its own. */
function bake(spec: string, home: string, keepBase: boolean): Baked {
  if (keepBase)
    for (const name of ['catalog.sqlite', 'catalog.sqlite-wal', 'catalog.sqlite-shm', 'artifacts'])
      rmSync(join(home, name), { recursive: true, force: true });
  const started = performance.now();
  const run = spawnSync(process.execPath, [join(ROOT, 'bench/bake-once.ts'), spec, home], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the bake failed:\n${run.stderr}`);
  return { ...JSON.parse(run.stdout), seconds: (performance.now() - started) / 1000 };
}

/** Its own way to read a `file:` repository from inside: a bind mount, no copy. */
const MOUNT_REPOSITORY = '--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount';

function mmdebstrap({ folder, keyring }: Repository, target: string): { seconds: number; bytes: number } {
  rmSync(target, { recursive: true, force: true });
  const started = performance.now();
  const source = `deb [signed-by=${keyring}] file:${folder} bookworm main`;
  execFileSync(
    'mmdebstrap',
    ['--variant=essential', '--include=nginx', '--quiet', MOUNT_REPOSITORY, 'bookworm', target, source],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const [bytes] = execFileSync('du', ['-sb', '--one-file-system', target], { encoding: 'utf8' }).split('\t');
  rmSync(target, { recursive: true, force: true });
  return { seconds, bytes: Number(bytes) };
}

function specFor({ folder, keyring }: Repository, directory: string): string {
  mkdirSync(directory, { recursive: true });
  const spec = { ...parse(String(execFileSync('cat', [join(ROOT, 'examples/nginx/image.yaml')]))), os: undefined };
  const sources = [{ uri: `file:${folder}`, suites: ['bookworm'], components: ['main'], signedBy: keyring }];
  writeFileSync(join(directory, 'image.yaml'), stringify({ ...spec, os: { sources } }));
  return directory;
}

/** All that either needs, from this machine's own sources, in one signed repository. */
async function makeRepository(folder: string, log: (line: string) => void): Promise<Repository> {
  const keyring = join(folder, 'key.asc');
  if (existsSync(keyring)) return { folder, keyring };
  log('collecting the packages that both need');
  const pool = join(folder, 'pool/main');
  mkdirSync(pool, { recursive: true });
  await collectForKiln(pool, join(folder, 'cache'));
  collectForPeer(pool);
  await signRepository(folder, keyring);
  return { folder, keyring };
}

async function collectForKiln(pool: string, cache: string): Promise<void> {
  const source = aptPackageSource({ cache, clock: systemClock });
  const folders = localFolders({ work: join(cache, 'work'), cache });
  const { spec, directory, digest } = await loadWithDigests(join(ROOT, 'examples/nginx/image.yaml'));
  const outcome = await makeLock({ source, progress: silent, folders }, { spec, directory, specDigest: digest });
  if (outcome.kind !== 'locked') throw new Error(outcome.explanation.join('\n'));
  const { packages, build } = outcome.lock;
  const { universe, indexes } = await openArchive({ source, progress: silent, folders }, spec.os);
  // The name that stands for the current kernel is asked for, and not in the lock.
  const kernel = universe.candidate(spec.boot.kernel);
  const all = [...packages, ...build.base, ...build.tools, ...(kernel ? [kernel] : [])];
  const paths = await source.fetch([...new Map(all.map((it) => [it.sha256, it])).values()], indexes, silent);
  for (const deb of all) cpSync(paths.get(deb.sha256) ?? '', join(pool, deb.filename.split('/').at(-1) ?? ''));
}

function collectForPeer(pool: string): void {
  const root = `${pool}-peer`;
  const keep = [
    '--skip=download/empty',
    '--skip=essential/unlink',
    '--setup-hook=mkdir -p "$1/var/cache/apt/archives"',
  ];
  const copy = `--customize-hook=cp "$1"/var/cache/apt/archives/*.deb ${pool}/`;
  execFileSync('mmdebstrap', ['--variant=essential', '--include=nginx', '--quiet', ...keep, copy, 'bookworm', root], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(root, { recursive: true, force: true });
}

async function signRepository(folder: string, keyring: string): Promise<void> {
  const binary = join(folder, 'dists/bookworm/main/binary-amd64');
  mkdirSync(binary, { recursive: true });
  const packages = execFileSync('dpkg-scanpackages', ['--multiversion', 'pool'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  writeFileSync(join(binary, 'Packages'), packages);
  const release = [
    'Origin: Debian',
    'Label: Debian',
    'Suite: stable',
    'Codename: bookworm',
    'Architectures: amd64',
    'Components: main',
    `Date: ${new Date(Date.now() - 60_000).toUTCString()}`,
    'SHA256:',
    ` ${hashOf(join(binary, 'Packages'))} ${statSync(join(binary, 'Packages')).size} main/binary-amd64/Packages`,
    '',
  ].join('\n');
  const { privateKey, publicKey } = await generateKey({
    type: 'rsa',
    rsaBits: 3072,
    userIDs: [{ name: 'bench' }],
    format: 'object',
    date: new Date(Date.now() - 3_600_000),
  });
  const signed = await sign({ message: await createCleartextMessage({ text: release }), signingKeys: privateKey });
  writeFileSync(join(folder, 'dists/bookworm/InRelease'), signed);
  writeFileSync(keyring, publicKey.armor());
}

function hashOf(path: string): string {
  return execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
}
