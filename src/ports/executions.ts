import type { Cause } from '../model/build.ts';

/** Executions of the state machine. */
export interface Executions {
  /** Whether the execution of this identifier still runs; one that is not known does not. */
  isRunning(executionId: string): Promise<boolean>;
  /** Starts an execution that builds the image; the same key starts one only. */
  start(request: { image: string; cause: Cause; key: string }): Promise<void>;
}
