import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { requireBuild, type StepAnswer, type StepRequest } from './step.ts';

const STEP = 'approve';

type ApprovePorts = Pick<Ports, 'catalog' | 'clock'>;

/** Where the token is kept by which the state machine is answered. */
const tokenKey = (buildId: string): string => `approval:${buildId}`;

/** Records that a build waits for somebody's approval, keeps the token for the answer, and tells people. Safe to repeat: the newest token counts. */
export async function askApproval(
  { catalog, clock, notifier }: ApprovePorts & Pick<Ports, 'notifier'>,
  { image, buildId, token }: StepRequest & { readonly token: string },
): Promise<void> {
  const { version } = await requireBuild(catalog, buildId);
  await catalog.putDocument(tokenKey(buildId), { token });
  const detail = 'waits for somebody’s approval';
  await catalog.putStep(buildId, { step: STEP, startedAt: timestamp(clock), outcome: 'running', detail });
  const subject = `${image}@${version} waits for approval`;
  await notifier.notify({
    kind: 'approval.wanted',
    image,
    subject,
    detail: {
      buildId,
      version,
      approve: `kiln remote approve ${buildId}`,
      refuse: `kiln remote refuse ${buildId} WHY`,
    },
  });
}

export interface Approval {
  readonly approved: boolean;
  /** Who answers, as they say. */
  readonly by: string;
  readonly reason?: string;
}

/**
 * Records somebody's answer, then gives it to the state machine. Safe to repeat; what `answer` throws leaves the build waiting. Throws REFUSED
 * where the build does not wait for an answer.
 */
export async function answerApproval(
  { catalog, clock }: ApprovePorts,
  { buildId, approved, by, reason }: Approval & { readonly buildId: string },
  answer: (token: string, output: StepAnswer) => Promise<void>,
): Promise<void> {
  const build = await requireBuild(catalog, buildId);
  const known = (await catalog.getDocument(tokenKey(buildId))) as { token: string } | undefined;
  const asked = build.steps.find((it) => it.step === STEP);
  if (build.state !== 'running' || !known || !asked) {
    throw new KilnError('REFUSED', `build ${buildId} does not wait for approval: it is ${build.state}`, {
      hint: 'kiln remote status tells which do',
    });
  }
  const outcome = approved ? 'succeeded' : 'refused';
  const detail = `${approved ? 'approved' : 'refused'} by ${by}${reason ? `: ${reason}` : ''}`;
  const output: StepAnswer = { outcome, detail };
  await catalog.putStep(buildId, { ...asked, endedAt: timestamp(clock), outcome, detail, result: output });
  try {
    await answer(known.token, output);
  } catch (error) {
    await catalog.putStep(buildId, asked);
    throw error;
  }
}
