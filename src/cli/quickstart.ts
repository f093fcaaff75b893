import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { awaitReady, launchImage } from '../app/launch/launch-image.ts';
import { type BuildSummary, summarize } from '../app/steps/summary.ts';
import { buildImage } from './build-image.ts';
import type { Answer, CommandModule, Invocation } from './command.ts';
import type { LocalKiln } from './compose.ts';
import { renderSummary } from './render-summary.ts';
import { formatDuration } from './style.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/nginx/image.yaml', import.meta.url));

interface Launches {
  readonly approved: { account: string; answeredAfterMs?: number; passed: boolean };
  readonly refused: { account: string; reason: string };
}

/** The main job on the first example, for somebody who never saw Kiln: built, launched by one account, refused to another. */
export const quickstart: CommandModule = {
  declare() {},

  async run(invocation): Promise<Answer> {
    const kiln = await invocation.kiln();
    invocation.progress.note('the example is examples/nginx/image.yaml: a web server with one page');
    const image = await kiln.addSpec(EXAMPLE);
    const built = await buildImage(kiln, image, {}, invocation);
    if (built.build.state !== 'succeeded' && built.build.state !== 'unchanged') {
      return { data: { summary: built }, lines: renderSummary(built, invocation.style), status: 1 };
    }
    const summary = built.build.state === 'unchanged' ? await latestSummary(kiln, image) : built;
    const launches = await launchAsBoth(kiln, summary, invocation);
    const passed = launches.approved.passed && launches.refused.reason !== '';
    return { data: { summary, launches }, lines: render(built, summary, launches, invocation), status: passed ? 0 : 1 };
  },
};

async function latestSummary({ ports }: LocalKiln, image: string): Promise<BuildSummary> {
  const latest = (await ports.catalog.aliases(image)).latest;
  const version = latest === undefined ? undefined : await ports.catalog.getVersion(image, latest);
  if (!version) throw new Error(`internal: ${image} is unchanged and has no version`);
  return summarize(ports, version.buildId);
}

async function launchAsBoth({ ports }: LocalKiln, summary: BuildSummary, { progress }: Invocation): Promise<Launches> {
  const { image } = summary.build;
  const approved = summary.grants[0]?.account;
  const accounts = (await ports.specs.accounts(image)).map((it) => it.id);
  const outsider = accounts.find((id) => !summary.grants.some((it) => it.account === id));
  if (!approved || !outsider) throw new Error('internal: the example has no account of each kind');
  progress.step(`Launch as ${approved}, which is approved`);
  const first = await launchImage(ports, { image }, approved, randomUUID());
  if (first.kind === 'refused') throw new Error(`internal: an approved account is refused: ${first.reason}`);
  const results = await awaitReady(ports, first.instance, image).finally(() => ports.testBed.stop(first.instance));
  progress.step(`Launch as ${outsider}, which is not`);
  const second = await launchImage(ports, { image }, outsider, randomUUID());
  if (second.kind === 'launched') await ports.testBed.stop(second.instance);
  const passed = results.length > 0 && results.every((it) => it.passed);
  return {
    approved: { account: approved, answeredAfterMs: results[0]?.firstSuccessMs, passed },
    refused: { account: outsider, reason: second.kind === 'refused' ? second.reason : '' },
  };
}

function render(
  built: BuildSummary,
  summary: BuildSummary,
  { approved, refused }: Launches,
  { style }: Invocation,
): string[] {
  const again =
    built === summary ? [] : ['nothing changed since the last time, so nothing was baked; this is what there is:', ''];
  const answered =
    approved.answeredAfterMs === undefined ? '' : `, and it answered after ${formatDuration(approved.answeredAfterMs)}`;
  return [
    '',
    ...again,
    ...renderSummary(summary, style),
    '',
    approved.passed
      ? `${style.green('✓')} launched as account ${approved.account}${answered}`
      : `${style.red('✗')} launched as account ${approved.account}, and it did not answer`,
    refused.reason
      ? `${style.green('✓')} refused to account ${refused.account}: ${refused.reason}`
      : `${style.red('✗')} account ${refused.account} could launch it`,
    '',
    style.bold('to try next'),
    '  ./kiln report nginx                             a page with what is in it, and why, in pictures',
    '  ./kiln why nginx libssl3                        why a package is in the image',
    `  ./kiln launch nginx --account ${approved.account}      boot it, and keep it running`,
    '  ./kiln init redis-server --out redis.yaml       draft a spec for something else',
  ];
}
