import type { BuildOptions } from '../app/steps/plan-build.ts';
import { lastObstacle } from '../app/steps/step.ts';
import { type BuildSummary, summarize } from '../app/steps/summary.ts';
import { type ErrorCode, exitStatusOf, KilnError } from '../model/error.ts';
import type { StateEvent } from '../workflow/run-locally.ts';
import type { Invocation } from './command.ts';
import type { LocalKiln } from './compose.ts';

/** Runs the pipeline for a known image and tells its steps; throws the fault that stopped it, if one did. */
export async function buildImage(
  kiln: LocalKiln,
  image: string,
  options: BuildOptions,
  { progress, signal }: Pick<Invocation, 'progress' | 'signal'>,
): Promise<BuildSummary> {
  const outcome = await kiln.build({ image, options }, (event) => tellState(event, progress));
  signal.throwIfAborted();
  const answer = outcome.kind === 'succeeded' ? (outcome.output as { buildId: string }) : undefined;
  const buildId = answer?.buildId ?? (await kiln.ports.catalog.listBuilds({ image, limit: 1 }))[0]?.id;
  if (buildId === undefined) throw new Error(outcome.kind === 'failed' ? outcome.cause : 'internal: no build was made');
  const summary = await summarize(kiln.ports, buildId);
  if (summary.build.state === 'failed') throw await faultOf(kiln, buildId);
  return summary;
}

function tellState({ kind, state, type }: StateEvent, progress: Invocation['progress']): void {
  if (kind === 'entered' && (type === 'Task' || type === 'Map')) progress.step(state);
  if (kind === 'retried') progress.note(`${state} failed for now and is tried again`);
  if (kind === 'entered' && type === 'Wait') progress.note('another build of this image runs; waiting for it');
}

/** The fault that stopped a build, as its record tells it. */
async function faultOf({ ports }: LocalKiln, buildId: string): Promise<Error> {
  const build = await ports.catalog.getBuild(buildId);
  const failed = build && lastObstacle(build.steps);
  const { error } = (failed?.result ?? {}) as { error?: { code?: string; hint?: string } };
  const message = build?.detail ?? 'the build failed';
  if (!error?.code || !(error.code in exitStatusOf)) return new Error(message);
  return new KilnError(error.code as ErrorCode, message, { hint: error.hint });
}
