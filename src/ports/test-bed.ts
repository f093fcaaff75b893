import type { ImageTest } from '../model/spec.ts';

export interface LaunchRequest {
  /** Hex digest of the disk in the artifact store. */
  readonly diskDigest: string;
  readonly imageId: string;
  /** Ports of the application that testers must reach. */
  readonly ports: readonly number[];
  /** Idempotency key: launching twice with one key gives one instance. */
  readonly key: string;
  /** Account that launches; `test` for the pipeline's own instance. */
  readonly account: string;
  /** It goes on when the process that launched it ends; by default it is ended with it. */
  readonly detach?: boolean;
}

export interface Instance {
  readonly id: string;
  readonly account: string;
  readonly imageId: string;
  readonly launchedAt: string;
  /** Where the instance's port is reached from the tester. */
  readonly endpoints: Readonly<Record<number, { host: string; port: number }>>;
  /** `kvm`, `tcg`, or an instance type. */
  readonly machine: string;
  /** Key that it was launched with, where that can be told. */
  readonly key?: string;
}

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  /** Milliseconds from launch to the first success. */
  readonly firstSuccessMs?: number;
  readonly detail?: string;
  /** Somebody ended the instance while it was asked: nothing is known of the image. */
  readonly cutShort?: boolean;
}

/** Boots images and asks them questions. */
export interface TestBed {
  launch(request: LaunchRequest, signal?: AbortSignal): Promise<Instance>;
  /**
   * Repeats the test until it passes or its own timeout is over; a failing test is a value. `since`: when it was asked first (milliseconds
   * since the epoch), where it is asked in parts. Throws TEST_PENDING where the answer needs time in which nobody has to wait.
   */
  probe(instance: Instance, test: ImageTest, signal?: AbortSignal, since?: number): Promise<TestResult>;
  /** All that was written to the serial console so far. */
  console(instance: Instance): Promise<string>;
  /** Shuts down cleanly within the time, then ends it; removes its overlay. Safe to repeat. */
  stop(instance: Instance, graceMs?: number): Promise<{ clean: boolean }>;
  /** Ends the instance that was launched with this key, if there is one that runs: nobody else will. Safe to repeat. */
  end?(key: string): Promise<void>;
  /** Instances that run now. */
  running(): Promise<Instance[]>;
}
