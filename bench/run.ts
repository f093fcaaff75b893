/**
 * `npm run bench [-- --parts advisories,bake,boot,distribution,lambdas,resolver,watch] [--runs 3]`: Kiln beside its peers, in turn on this machine. Prints ratios first and writes
 * bench/results/*.json.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composeLocal } from '../src/cli/compose.ts';
import { benchAdvisories } from './advisories.ts';
import { benchBake } from './bake.ts';
import { benchBoot } from './boot.ts';
import { benchDistribution } from './distribution.ts';
import { benchLambdas } from './lambdas.ts';
import type { Ratio } from './statistics.ts';
import { benchWatch } from './watch.ts';

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'advisories,bake,boot,distribution,lambdas,resolver' },
    runs: { type: 'string', default: '3' },
  },
});
const parts = new Set(values.parts.split(','));
const runs = Number(values.runs);
const work = join(import.meta.dirname, 'work');
const results = join(import.meta.dirname, 'results');
const log = (line: string) => console.error(line);

const MIB = 2 ** 20;
const NGINX = join(import.meta.dirname, '../examples/nginx');

function line(what: string, { value, peer, ratio }: Ratio, unit: string, wanted: string): string {
  return `${ratio.toFixed(2).padStart(6)}  ${what}: ${value.toFixed(1)} ${unit} against ${peer.toFixed(1)} ${unit} (wanted: ${wanted})`;
}

function keep(name: string, figures: object): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ node: process.version, ...figures }, null, 2)}\n`);
}

function inMebibytes({ value, peer, ratio }: Ratio): Ratio {
  return { value: value / MIB, peer: peer / MIB, ratio };
}

if (parts.has('bake')) {
  mkdirSync(work, { recursive: true });
  const figures = await benchBake(work, runs, log);
  keep('bake', figures);
  console.log('bake of nginx beside mmdebstrap’s essential variant, from one file: repository');
  console.log(line('bake from the lock, no configured base', figures.coldBake, 's', 'at most 0.7'));
  console.log(line('the same with index, resolving and evidence', figures.cold, 's', 'no bound'));
  console.log(line('all of it with the configured base there', figures.warm, 's', 'at most 0.3 later'));
  console.log(line('root tree', inMebibytes(figures.treeBytes), 'MiB', 'at most 0.26, and 40 MB'));
  console.log(`        disk: ${(figures.allocatedBytes / 1e6).toFixed(1)} MB allocated (wanted: at most 70 MB)`);
  console.log(`        resolver: ${figures.peakResolverMiB.toFixed(0)} MiB at the most (wanted: at most 400 MB)`);
}

if (parts.has('boot')) {
  const home = join(work, 'boot-home');
  const kiln = composeLocal({ home });
  await kiln.build({ image: await kiln.addSpec(NGINX) });
  kiln.close();
  const figures = await benchBoot(home, runs, log);
  keep('boot', figures);
  console.log(`boot of nginx (${figures.machine})`);
  console.log(line('first HTTP 200 beside kernel and initrd alone', figures.answer, 's', 'at most 1.5'));
}

if (parts.has('advisories')) {
  const figures = benchAdvisories({ advisories: 100_000, images: 10_000, sources: 4_000, packages: 50 });
  keep('advisories', figures);
  const { readMs, matchMs, processorMs } = figures;
  console.log(
    `${figures.advisories} advisories against ${figures.images} images, all synthetic (${figures.matches} matches)`,
  );
  console.log(
    `        ${(readMs + matchMs).toFixed(0)} ms, of which ${readMs.toFixed(0)} ms reading; ${processorMs.toFixed(0)} ms of the processor (wanted: at most 2000 ms)`,
  );
}

// Not among the parts that are run where none are named: it takes some minutes.
if (parts.has('watch')) {
  const figures = await benchWatch(10_000, log);
  keep('watch', figures);
  console.log(
    `looks at ${figures.images} published images, all synthetic (${figures.peakMiB.toFixed(0)} MiB at the most)`,
  );
  for (const [name, { seconds, processor, judged }] of Object.entries(figures.looks))
    console.log(
      `        ${name}: ${seconds.toFixed(2)} s, ${processor.toFixed(2)} s of the processor, ${judged} judged again`,
    );
}

if (parts.has('distribution')) {
  const figures = benchDistribution();
  keep('distribution', figures);
  console.log(`distribution of one image to ${figures.accounts} synthetic accounts in ${figures.regions} regions`);
  console.log(`        plan: ${figures.planMs.toFixed(0)} ms for ${figures.calls} calls (wanted: at most 1000 ms)`);
  console.log(`        one question to the access policies: ${figures.decideMs.toFixed(2)} ms (no bound)`);
  console.log(
    `        all ${figures.accounts * figures.regions * 3} questions, by name and region: ${figures.decideAllMs.toFixed(0)} ms (no bound)`,
  );
}

if (parts.has('lambdas')) {
  const figures = benchLambdas(runs, log);
  keep('lambdas', { functions: figures });
  const largest = figures.reduce((a, b) => (a.zippedBytes > b.zippedBytes ? a : b));
  const slowest = figures.reduce((a, b) => (a.coldStart.value > b.coldStart.value ? a : b));
  console.log(`functions, ${figures.length} of them, each in a process of its own`);
  console.log(
    line(`cold start of the slowest, ${slowest.name}, beside a bare one`, slowest.coldStart, 's', 'no bound'),
  );
  console.log(
    `        largest archive: ${largest.name}, ${(largest.zippedBytes / MIB).toFixed(2)} MiB (wanted: at most 5 MiB)`,
  );
}

if (parts.has('resolver')) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'resolver.ts')], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
