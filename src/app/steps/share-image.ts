import type { Ports } from '../../ports/ports.ts';
import { type Distribution, performCall } from '../sharing/distribution.ts';
import type { JudgeAnswer } from './judge-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

export interface ShareRequest extends StepRequest {
  /** Identifier of the call in the build's distribution plan. */
  readonly call: string;
}

type SharePorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'store'>;

/**
 * Does one call of the distribution plan: a copy, or sharing with up to a hundred accounts; one that was done is not done again. A region
 * that refuses refuses for itself alone. Throws COPY_PENDING while a copy that it needs is being made.
 */
export async function shareImage(ports: SharePorts, { image, buildId, call: id }: ShareRequest): Promise<StepAnswer> {
  const { catalog, store } = ports;
  const step = `share ${id}`;
  const build = await requireBuild(catalog, buildId);
  const done = build.steps.find((it) => it.step === step && it.outcome === 'succeeded');
  if (done) return { outcome: 'succeeded', detail: done.detail };
  return recorded(ports, buildId, step, async () => {
    const { version: number } = resultIn<RegisterAnswer>(build, 'register');
    const { planDigest } = resultIn<JudgeAnswer>(build, 'judge');
    const { plan, approved }: Distribution = JSON.parse((await store.read(planDigest)).toString('utf8'));
    const call = plan.calls.find((it) => it.id === id);
    const version = await catalog.getVersion(image, number);
    if (!call || !version) throw new Error(`internal: build ${buildId} has no call ${id}`);
    const outcome = await performCall(ports, version, call, approved);
    if (outcome.kind === 'refused') return { outcome: 'refused', detail: outcome.reason };
    return { outcome: 'succeeded', detail: detailOf(`${image}@${number}`, call) };
  });
}

function detailOf(image: string, { kind, region, accounts }: Distribution['plan']['calls'][number]): string {
  if (kind === 'copy') return `${image} is copied to ${region}`;
  const who = accounts.length === 1 ? accounts[0] : `${accounts.length} accounts`;
  return kind === 'share' ? `${who} may launch ${image}` : `${who} may no longer launch ${image}`;
}
