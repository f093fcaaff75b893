import { Cron } from 'croner';
import type { Cause } from '../model/build.ts';
import { type ImageSpec, milliseconds } from '../model/spec.ts';

/** Digests of what decides the bytes of an image. */
export interface Inputs {
  /** Of those parts of the spec that decide them. */
  readonly spec: string;
  /** Digests of the indexes, sorted. */
  readonly indexes: readonly string[];
}

/** Digests of what decides who may have a version. */
export interface JudgingInputs {
  /** Packs of all copies, and access policies. */
  readonly policies: string;
  /** Tests that the spec states. */
  readonly tests: string;
  /** Accounts that the spec names, with their own packs. */
  readonly accounts: string;
  /** Vulnerabilities that are known of its packages. */
  readonly advisories: string;
}

/** Why an image should be built now, given what it was last built from; undefined: nothing calls for it. */
export function causeOfChange(before: Inputs | undefined, now: Inputs): Cause | undefined {
  if (!before) return { kind: 'request', detail: 'never built' };
  if (before.spec !== now.spec) return { kind: 'request', detail: 'the spec changed' };
  if (before.indexes.join() !== now.indexes.join()) return { kind: 'component', detail: 'the index changed' };
  return undefined;
}

const JUDGING_CAUSES: readonly [keyof JudgingInputs, Cause][] = [
  ['policies', { kind: 'policy', detail: 'a policy changed' }],
  ['tests', { kind: 'test', detail: 'a test changed' }],
  ['accounts', { kind: 'account', detail: 'an account, or who may have the image, changed' }],
  ['advisories', { kind: 'advisory', detail: 'what is known of its packages changed' }],
];

/** Why a version should be judged again, given what it was last judged by; undefined: nothing calls for it. */
export function causeOfJudging(before: Partial<JudgingInputs> | undefined, now: JudgingInputs): Cause | undefined {
  if (!before) return { kind: 'request', detail: 'it was not judged since it was published' };
  return JUDGING_CAUSES.find(([part]) => before[part] !== now[part])?.[1];
}

/** When a schedule's time comes next after a moment (both milliseconds since the epoch); undefined: never. Throws `Error` on a bad cron expression. */
export function nextDue(schedule: ImageSpec['schedule'], last: number): number | undefined {
  if (!schedule) return undefined;
  if (schedule.every) return last + milliseconds(schedule.every);
  const next = new Cron(schedule.cron ?? '', { timezone: schedule.timezone }).nextRun(new Date(last));
  return next?.getTime();
}

/** Whether a schedule's time came between two moments (milliseconds since the epoch). Throws `Error` on a bad cron expression. */
export function scheduleIsDue(schedule: ImageSpec['schedule'], last: number | undefined, now: number): boolean {
  if (!schedule) return false;
  if (last === undefined) return true;
  const next = nextDue(schedule, last);
  return next !== undefined && next <= now;
}
