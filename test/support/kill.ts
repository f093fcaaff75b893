import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sqliteCatalog } from '../../src/adapters/local/sqlite-catalog.ts';

export interface KillPlan {
  /** Folder of a Kiln of its own. */
  readonly home: string;
  /** Cache to share with others, so that packages are not fetched again. */
  readonly cache?: string;
  readonly spec: string;
  readonly kills: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface KillReport {
  readonly kills: number;
  readonly finished: number;
  /** Builds by state, such as `{ succeeded: 3 }`. */
  readonly builds: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const KILN = fileURLToPath(new URL('../../kiln', import.meta.url));

/** Builds and kills at random moments until `kills` were made, lets the last build end, and checks what is there then. */
export async function killed(plan: KillPlan): Promise<KillReport> {
  const random = generator(plan.seed);
  const faults: string[] = [];
  let finished = 0;
  const whole = await uninterrupted(plan);
  for (let kill = 1; kill <= plan.kills; kill++) {
    // The boot is most of the time and few of the steps: half of the kills come in the third before it.
    const after = Math.round(random() * whole * (random() < 0.5 ? 1 / 3 : 1));
    // What was baked once would be taken again each time, and no kill would hit a bake.
    if (random() < 0.5) forgetBakes(plan.home);
    const run = await buildFor(plan, after);
    plan.log?.(
      `${kill}/${plan.kills}: ${run.ended ? `ended by itself in ${run.milliseconds} ms` : `killed after ${after} ms`}`,
    );
    if (run.ended) {
      finished += 1;
      if (run.status !== 0) faults.push(`a build ended with ${run.status}: ${run.output.slice(-500)}`);
    }
    await sleep(200);
    faults.push(...leftRunning(plan.home).map((it) => `after kill ${kill}: ${it} still runs`));
  }
  const last = await buildFor(plan, Number.POSITIVE_INFINITY);
  if (last.status !== 0) faults.push(`the last build ended with ${last.status}: ${last.output.slice(-500)}`);
  const { builds, faults: found } = await examine(plan.home, plan.spec);
  return { kills: plan.kills, finished: finished + 1, builds, faults: [...faults, ...found] };
}

async function uninterrupted(plan: KillPlan): Promise<number> {
  const { milliseconds, status, output } = await buildFor(plan, Number.POSITIVE_INFINITY);
  if (status !== 0) throw new Error(`a build that nobody kills ends with ${status}: ${output.slice(-2000)}`);
  return milliseconds;
}

interface Run {
  readonly ended: boolean;
  readonly status: number | null;
  readonly milliseconds: number;
  readonly output: string;
}

async function buildFor({ home, cache, spec }: KillPlan, killAfterMs: number): Promise<Run> {
  const started = Date.now();
  const environment = { ...process.env, KILN_HOME: home, ...(cache === undefined ? {} : { KILN_CACHE: cache }) };
  const child = spawn(KILN, ['build', spec, '--force'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const closed = new Promise<number | null>((done) => child.once('close', done));
  const timer = Number.isFinite(killAfterMs) ? setTimeout(() => child.kill('SIGKILL'), killAfterMs) : undefined;
  const status = await closed;
  clearTimeout(timer);
  return { ended: child.signalCode === null, status, milliseconds: Date.now() - started, output };
}

function forgetBakes(home: string): void {
  const database = new DatabaseSync(join(home, 'catalog.sqlite'), { timeout: 30_000 });
  database.exec("DELETE FROM document WHERE key LIKE 'bake:%'");
  database.close();
}

/** Processes whose command line or environment names this Kiln's folder. */
function leftRunning(home: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ');
        return command.includes(home) ? [`${pid} ${command.slice(0, 200)}`] : [];
      } catch {
        return [];
      }
    });
}

async function examine(home: string, spec: string): Promise<Pick<KillReport, 'builds' | 'faults'>> {
  const catalog = sqliteCatalog(join(home, 'catalog.sqlite'));
  const faults: string[] = [];
  const [image] = await catalog.listImages();
  if (!image) return { builds: {}, faults: [`no image of ${spec}`] };
  const builds = await catalog.listBuilds({ image: image.name, limit: 1_000 });
  for (const build of builds)
    if (build.state === 'running' || build.state === 'waiting') faults.push(`build ${build.id} is ${build.state}`);
  const versions = await catalog.listVersions(image.name);
  const succeeded = builds.filter((it) => it.state === 'succeeded');
  const perBuild = new Set(versions.map((it) => it.buildId));
  if (perBuild.size !== versions.length) faults.push('a build made more than one version');
  for (const build of succeeded)
    if (!perBuild.has(build.id)) faults.push(`build ${build.id} succeeded and has no version`);
  const latest = (await catalog.aliases(image.name)).latest;
  if (latest !== versions[0]?.version) faults.push(`latest is ${latest}, the newest version ${versions[0]?.version}`);
  faults.push(
    ...(await differingGrants(
      catalog,
      image.name,
      versions.map((it) => it.version),
    )),
  );
  for (const name of readdirSync(join(home, 'work'))) faults.push(`work folder ${name} is left`);
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n'))
    if (line.includes(home)) faults.push(`still mounted: ${line}`);
  return { builds: counts(builds.map((it) => it.state)), faults };
}

/** Every version must have the same accounts, each once. */
async function differingGrants(
  catalog: ReturnType<typeof sqliteCatalog>,
  image: string,
  versions: readonly number[],
): Promise<string[]> {
  const perVersion = await Promise.all(
    versions.map(async (version) =>
      (await catalog.listGrants({ image, version, inForce: true })).map((it) => it.account).join(),
    ),
  );
  return new Set(perVersion).size > 1 ? [`grants differ between versions: ${perVersion.join(' | ')}`] : [];
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function counts(names: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) found[name] = (found[name] ?? 0) + 1;
  return found;
}
