import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { type EndAnswer, endBuild } from './end-build.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface PublishRequest extends StepRequest {
  readonly executionId: string;
}

type PublishPorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'notifier'>;

/** Makes the version the one that `latest` means, says so, and ends the build. */
export async function publishImage(ports: PublishPorts, request: PublishRequest): Promise<EndAnswer> {
  await recorded(ports, request.buildId, 'publish', () => publish(ports, request));
  return endBuild(ports, { ...request, state: 'succeeded' });
}

async function publish(
  { catalog, clock, registry, notifier }: PublishPorts,
  { image, buildId }: PublishRequest,
): Promise<StepAnswer> {
  const { imageId, version } = await resultOf<RegisterAnswer>(catalog, buildId, 'register');
  await catalog.updateVersion(image, version, { state: 'available' });
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
