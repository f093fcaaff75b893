import type { Build } from '../../../src/model/build.ts';
import { statesOf } from './aws-state.ts';

export interface Overhead {
  /** Seconds of the execution by state. */
  readonly states: Readonly<Record<string, number>>;
  /** Seconds that each step's own work took, as its record says. */
  readonly steps: Readonly<Record<string, number>>;
  /** Seconds that cold functions took to start. */
  readonly coldStarts: number;
  /** Seconds in which CodeBuild made a container. */
  readonly container: number;
  /** All other seconds that were no step's work: transitions, planning, invocations, ending. */
  readonly orchestration: number;
}

const rounded = (seconds: number) => Math.round(seconds * 100) / 100;

/** Where the time of a build's execution went. */
export async function overheadOf({ execution = '', steps, endedAt }: Build, coldStartsMs: number): Promise<Overhead> {
  const entered = await statesOf(execution);
  const states: Record<string, number> = {};
  for (const [index, { name, at }] of entered.entries()) {
    const end = entered[index + 1]?.at ?? at;
    states[name] = rounded((states[name] ?? 0) + (end - at) / 1000);
  }
  const work = steps.map(
    (it) => [it.step, rounded((Date.parse(it.endedAt ?? '') - Date.parse(it.startedAt)) / 1000)] as const,
  );
  const total = (Date.parse(endedAt ?? '') - (entered[0]?.at ?? 0)) / 1000;
  const worked = work.reduce((sum, [, it]) => sum + it, 0);
  const ofSteps = Object.fromEntries(work);
  const container = rounded((states.Bake ?? 0) - (ofSteps.bake ?? 0));
  const coldStarts = rounded(coldStartsMs / 1000);
  return {
    states,
    steps: ofSteps,
    coldStarts,
    container,
    orchestration: rounded(total - worked - container - coldStarts),
  };
}
