import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceFile, type Machine } from './machine.ts';
import { startMachine } from './start.ts';

/** The initial RAM file system says it when the kernel runs and has found its disk: what comes after is the image's own. */
export const HANDED_OVER = /^kiln: root file system is/m;

export interface BootLimits {
  /** Milliseconds until the console must have said anything at all. */
  readonly silenceMs: number;
  readonly totalMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Milliseconds from power on until the console has a line, by a machine of its own that is ended then; undefined where it
 * ends before, or the time is over. Benchmarks compare `HANDED_OVER` with the first answer of the application.
 */
export async function timeBoot(
  machine: Machine,
  folder: string,
  line: RegExp,
  limits: BootLimits,
): Promise<number | undefined> {
  const began = performance.now();
  const { child } = await startMachine(machine, folder, false);
  try {
    for (;;) {
      await sleep(20);
      const elapsed = performance.now() - began;
      const text = readFileSync(join(folder, instanceFile.console), 'latin1');
      if (line.test(text)) return elapsed;
      const over = elapsed > limits.totalMs || (text === '' && elapsed > limits.silenceMs);
      if (over || limits.signal?.aborted || child.exitCode !== null || child.signalCode !== null) return undefined;
    }
  } finally {
    child.kill('SIGKILL');
  }
}
