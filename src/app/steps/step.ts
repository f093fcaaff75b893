import type { Build, StepRecord } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';

/** What the state machine passes to each step; all else is in the catalog. */
export interface StepRequest {
  readonly image: string;
  readonly buildId: string;
}

/** What a step answers; the state machine chooses by `outcome`. */
export interface StepAnswer {
  readonly outcome: 'succeeded' | 'refused' | 'unchanged' | 'reused';
  /** One line for people. */
  readonly detail?: string;
}

/** Faults that only say that the step must be called again: it has not ended. */
const PENDING: ReadonlySet<string> = new Set(['TEST_PENDING', 'COPY_PENDING']);

/**
 * Runs a step's work and records its start, end and result; a fault is recorded and thrown again. `before`: the record of a call before this
 * one, which this one goes on with.
 */
export async function recorded<T extends StepAnswer>(
  { catalog, clock }: Pick<Ports, 'catalog' | 'clock'>,
  buildId: string,
  step: string,
  work: () => Promise<T>,
  before?: StepRecord,
): Promise<T> {
  const begun: StepRecord = { step, startedAt: before?.startedAt ?? timestamp(clock), outcome: 'running' };
  if (!before) await catalog.putStep(buildId, begun);
  try {
    const result = await work();
    const { outcome, detail } = result;
    await catalog.putStep(buildId, {
      ...begun,
      endedAt: timestamp(clock),
      outcome: outcome === 'unchanged' ? 'reused' : outcome,
      detail,
      result,
    });
    return result;
  } catch (error) {
    if (error instanceof KilnError && PENDING.has(error.code)) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    const result = error instanceof KilnError ? { error: { code: error.code, hint: error.hint } } : undefined;
    await catalog.putStep(buildId, { ...begun, endedAt: timestamp(clock), outcome: 'failed', detail, result });
    throw error;
  }
}

/** The build of this id. Throws NOT_FOUND. */
export async function requireBuild(catalog: Pick<Catalog, 'getBuild'>, buildId: string): Promise<Build> {
  const build = await catalog.getBuild(buildId);
  if (!build) throw new KilnError('NOT_FOUND', `no build ${buildId}`, { hint: 'kiln builds lists them' });
  return build;
}

/** The record of a step that has begun and not ended. */
export function begunStep({ steps }: Build, step: string): StepRecord | undefined {
  return steps.find((it) => it.step === step && it.outcome === 'running');
}

/** The step that stopped a build last. One that was stopped, and taken up again, may have records of several. */
export function lastObstacle(steps: readonly StepRecord[]): StepRecord | undefined {
  const obstacles = steps.filter((it) => it.outcome === 'refused' || it.outcome === 'failed');
  return obstacles.sort((a, b) => ((a.endedAt ?? '') < (b.endedAt ?? '') ? -1 : 1)).at(-1);
}

/** What an earlier step of the build recorded. A build that never ran the step is a broken promise of the state machine. */
export function resultIn<T>({ id, steps }: Build, step: string): T {
  const record = steps.find((it) => it.step === step);
  if (record?.result === undefined || record.outcome === 'failed')
    throw new Error(`internal: build ${id} has no result of ${step}`);
  return record.result as T;
}
