import type { Target } from '../../distributor/targets.ts';
import type { Ports } from '../../ports/ports.ts';
import type { JudgingInputs } from '../../triggers/due.ts';
import { keepKnown } from '../gate/examination.ts';
import { type Judgement, type JudgePorts, judgeVersion } from '../gate/judge.ts';
import { judgingInputs } from '../gate/judging-inputs.ts';
import { type Distribution, planFor } from '../sharing/distribution.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

/** Accounts that an answer names one by one; all of them are in the plan and among the decisions. */
const MOST_NAMED = 100;

export interface JudgeAnswer extends StepAnswer {
  /** What is to be done, as an artifact: a `Distribution`. */
  readonly planDigest: string;
  /** Identifiers of the plan's calls: the state machine does one after the other, several at a time. */
  readonly calls: readonly string[];
  readonly approved: readonly Target[];
  readonly refused: readonly { account: string; reason: string }[];
  /** How many there are, where not all are named. */
  readonly counts: { readonly approved: number; readonly refused: number };
  /** By what it was judged: facts of the version once all that was planned is done. */
  readonly judged: { readonly judgedBy: JudgingInputs; readonly vulnerabilitiesDigest: string };
}

/** Decides which accounts may have the image that a build registered, and plans how they get it. */
export async function judgeImage(ports: JudgePorts & Pick<Ports, 'clock'>, request: StepRequest): Promise<JudgeAnswer> {
  return recorded(ports, request.buildId, 'judge', async () => {
    const {
      version: number,
      onePlace = false,
      home,
    } = resultIn<RegisterAnswer>(await requireBuild(ports.catalog, request.buildId), 'register');
    const version = await ports.catalog.getVersion(request.image, number);
    if (!version) throw new Error(`internal: ${request.image}@${number} is registered and not in the catalog`);
    const judgement = await judgeVersion(ports, version, { askedBy: 'judge', key: request.buildId });
    for (const warning of judgement.warnings) ports.progress.note(warning);
    // A new image is nobody's yet; where this is a second try, every call of the plan is safe to repeat.
    const distribution = planFor(judgement, { onePlace, home, present: [] });
    const planDigest = await ports.store.put({ bytes: Buffer.from(JSON.stringify(distribution)) });
    return { ...answerOf(judgement, distribution, planDigest), judged: await judgedBy(ports, judgement) };
  });
}

/** What is kept of a judgement, so that only what changes afterwards calls for another. */
async function judgedBy(ports: JudgePorts, { loaded, version, policies }: Judgement): Promise<JudgeAnswer['judged']> {
  const { inputs, known } = await judgingInputs(ports, loaded, version, policies);
  return { judgedBy: inputs, vulnerabilitiesDigest: await keepKnown(ports, known) };
}

function answerOf(
  { accounts }: Judgement,
  { plan, problems, approved }: Distribution,
  planDigest: string,
): Omit<JudgeAnswer, 'judged'> {
  const refused = accounts.flatMap(({ account, refused: it }) => (it ? [{ account, reason: it.reason }] : []));
  const told = problems.map((it) => `; ${it.reason}: ${it.mend}`).join('');
  return {
    outcome: 'succeeded',
    planDigest,
    calls: plan.calls.map((it) => it.id),
    approved: approved.slice(0, MOST_NAMED),
    refused: refused.slice(0, MOST_NAMED),
    counts: { approved: approved.length, refused: refused.length },
    detail: `${approved.length} approved, ${refused.length} not${told}`,
  };
}
