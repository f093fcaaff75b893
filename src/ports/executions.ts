import type { Cause } from '../model/build.ts';

/** So many images that are to be built for one cause are started by one execution of the fleet's machine, which builds some at a time. */
export const FLEET_FROM = 20;

/** Executions of the state machine. */
export interface Executions {
  /** Whether the execution of this identifier still runs; one that is not known does not. */
  isRunning(executionId: string): Promise<boolean>;
  /** Starts an execution that builds the image; the same key starts one only. `force`: also where nothing changed that Kiln sees. */
  start(request: { image: string; cause: Cause; key: string; force?: boolean }): Promise<void>;
  /**
   * Starts one execution that builds many images, some at a time: those that are named, or all known ones; the same key starts one only.
   * Absent where there is no such machine.
   */
  startFleet?(request: { images: readonly string[] | 'all'; cause: Cause; key: string }): Promise<void>;
}

/** Names a holder of leases that is no execution: it lives until a moment at most (milliseconds since the epoch), and never beyond. */
export function aliveUntil(end: number, id: string): string {
  return `until:${end}#${id}`;
}

/** The moment until which such a holder may live; undefined for any other. */
export function endOfLife(holder: string): number | undefined {
  const [, end] = /^until:(\d+)#/.exec(holder) ?? [];
  return end === undefined ? undefined : Number(end);
}
