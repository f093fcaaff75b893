import { timestamp } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Target } from './judge-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface ShareRequest extends StepRequest {
  readonly target: Target;
}

type SharePorts = Pick<Ports, 'catalog' | 'clock' | 'registry'>;

/** Gives one approved account its grant, and lets the registry know. */
export async function shareImage(ports: SharePorts, { image, buildId, target }: ShareRequest): Promise<StepAnswer> {
  const step = `share ${target.account} ${target.region}`;
  return recorded(ports, buildId, step, async () => {
    const { imageId, version } = await resultOf<RegisterAnswer>(ports.catalog, buildId, 'register');
    await giveGrant(ports, { image, version, imageId, ...target });
    return { outcome: 'succeeded', detail: `${target.account} may launch ${image}@${version}` };
  });
}

/** The catalog's record comes first: a grant that the registry does not have yet is repaired, the other way round nobody would know of it. */
export async function giveGrant(
  { catalog, clock, registry }: SharePorts,
  grant: { image: string; version: number; imageId: string; account: string; region: string; reason: string },
): Promise<void> {
  const { imageId, ...record } = grant;
  await catalog.putGrant({ ...record, grantedAt: timestamp(clock) });
  await registry.share(imageId, [grant.account]);
}
