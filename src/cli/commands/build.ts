import { summarize } from '../../app/summary.ts';
import { type ErrorCode, exitStatusOf, KilnError } from '../../model/error.ts';
import type { StateEvent } from '../../workflow/run-locally.ts';
import type { Answer, CommandModule } from '../command.ts';
import type { LocalKiln } from '../compose.ts';
import { imageOf } from '../image-argument.ts';
import type { CommandProgress } from '../progress.ts';
import { renderSummary } from '../render-summary.ts';

/** `kiln build SPEC`: the whole pipeline, from the spec to the accounts. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<spec>', 'an image.yaml, its folder, or the name of a known image')
      .option('--force', 'build even when nothing changed')
      .option('--locked', 'do not resolve again: bake what the lock says');
  },

  async run({ args: [spec], options, kiln: open, progress, signal, style }): Promise<Answer> {
    const kiln = await open();
    const image = await imageOf(kiln, spec!);
    const request = { image, options: { force: options.force === true, locked: options.locked === true } };
    const outcome = await kiln.build(request, (event) => tellState(event, progress));
    signal.throwIfAborted();
    const answer = outcome.kind === 'succeeded' ? (outcome.output as { buildId: string }) : undefined;
    const buildId = answer?.buildId ?? (await newestBuild(kiln, image)) ?? '';
    if (buildId === '') throw new KilnError('REFUSED', outcome.kind === 'failed' ? outcome.cause : 'no build was made');
    const summary = await summarize(kiln.ports, buildId);
    if (summary.build.state === 'failed') throw await faultOf(kiln, buildId);
    const status = summary.build.state === 'refused' ? 1 : 0;
    return { data: summary, lines: renderSummary(summary, style), status };
  },
};

function tellState(event: StateEvent, progress: CommandProgress): void {
  if (event.kind === 'entered' && event.type === 'Task') progress.step(event.state);
  if (event.kind === 'retried') progress.note(`${event.state} failed for now and is tried again`);
  if (event.kind === 'entered' && event.type === 'Wait')
    progress.note('another build of this image runs; waiting for it');
}

async function newestBuild({ ports }: LocalKiln, image: string): Promise<string | undefined> {
  return (await ports.catalog.listBuilds({ image, limit: 1 }))[0]?.id;
}

/** The fault that stopped a build, as its record tells it. */
async function faultOf({ ports }: LocalKiln, buildId: string): Promise<Error> {
  const build = await ports.catalog.getBuild(buildId);
  const failed = build?.steps.findLast((it) => it.outcome === 'failed');
  const { error } = (failed?.result ?? {}) as { error?: { code?: string; hint?: string } };
  const message = build?.detail ?? 'the build failed';
  if (!error?.code || !(error.code in exitStatusOf)) return new Error(message);
  return new KilnError(error.code as ErrorCode, message, { hint: error.hint });
}
