import { Cron } from 'croner';
import type { Cause } from '../model/build.ts';
import { type ImageSpec, milliseconds } from '../model/spec.ts';

/** Digests of what an image was last built from, or would be built from now. */
export interface Inputs {
  readonly spec: string;
  readonly packs: string;
  readonly accounts: string;
  /** Digests of the indexes, sorted. */
  readonly indexes: readonly string[];
}

/** Why an image should be built now, given what it was last built from; undefined: nothing calls for it. */
export function causeOfChange(before: Inputs | undefined, now: Inputs): Cause | undefined {
  if (!before) return { kind: 'request', detail: 'never built' };
  if (before.spec !== now.spec) return { kind: 'test', detail: 'the spec or its tests changed' };
  if (before.packs !== now.packs) return { kind: 'policy', detail: 'a policy changed' };
  if (before.accounts !== now.accounts) return { kind: 'account', detail: 'the known accounts changed' };
  if (before.indexes.join() !== now.indexes.join()) return { kind: 'component', detail: 'the index changed' };
  return undefined;
}

/** Whether a schedule's time came between two moments (milliseconds since the epoch). Throws `Error` on a bad cron expression. */
export function scheduleIsDue(schedule: ImageSpec['schedule'], last: number | undefined, now: number): boolean {
  if (!schedule) return false;
  if (last === undefined) return true;
  if (schedule.every) return now - last >= milliseconds(schedule.every);
  const next = new Cron(schedule.cron ?? '', { timezone: schedule.timezone }).nextRun(new Date(last));
  return next !== null && next.getTime() <= now;
}
