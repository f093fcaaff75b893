import type { Build } from '../../model/build.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { type EndAnswer, endBuild } from './end-build.ts';
import type { JudgeAnswer } from './judge-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

export interface PublishRequest extends StepRequest {
  readonly executionId: string;
}

type PublishPorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'notifier'>;

/** Makes the version the one that `latest` means, says so, and ends the build. */
export async function publishImage(ports: PublishPorts, request: PublishRequest): Promise<EndAnswer> {
  const build = await requireBuild(ports.catalog, request.buildId);
  await recorded(ports, request.buildId, 'publish', () => publish(ports, request, build));
  return endBuild(ports, { ...request, state: 'succeeded' }, build);
}

async function publish(
  { catalog, clock, registry, notifier }: PublishPorts,
  { image }: PublishRequest,
  build: Build,
): Promise<StepAnswer> {
  const { imageId, version } = resultIn<RegisterAnswer>(build, 'register');
  await catalog.updateVersion(image, version, { state: 'available', facts: judgedIn(build) });
  await registry.alias(`${image}/latest`, imageId);
  await catalog.setAlias(image, 'latest', version);
  const event = {
    id: `published:${image}@${version}`,
    kind: 'image.published',
    at: timestamp(clock),
    image,
    detail: { version, imageId },
  };
  await catalog.recordEvent(event);
  await notifier.notify({ kind: event.kind, image, subject: `${image}@${version} is published`, detail: event.detail });
  return { outcome: 'succeeded', detail: `latest is ${image}@${version}` };
}

/** Where a call was refused, nothing is kept of the judgement: looked at next, it is judged again, and what is left is tried again. */
function judgedIn(build: Build): Partial<JudgeAnswer['judged']> {
  const { calls, judged } = resultIn<JudgeAnswer>(build, 'judge');
  const isDone = (call: string) => build.steps.some((it) => it.step === `share ${call}` && it.outcome === 'succeeded');
  return calls.every(isDone) ? judged : {};
}
