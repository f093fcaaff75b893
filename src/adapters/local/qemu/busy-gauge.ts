import { readdirSync, readFileSync } from 'node:fs';

const WINDOW_MS = 5_000;
/** Of one processor. A machine that only waits takes a few hundredths. */
const BUSY_SHARE = 0.5;

/**
 * Tells whether a process wanted a processor for most of the last seconds, whether it got one or had to wait. False before the first
 * window of five seconds is over.
 */
export function busyGauge(pid: number, now: () => number = Date.now): () => boolean {
  let from = { at: now(), wanted: wantedMs(pid) };
  let busy = false;
  return () => {
    const at = now();
    if (at - from.at < WINDOW_MS) return busy;
    const wanted = wantedMs(pid);
    busy = (wanted - from.wanted) / (at - from.at) > BUSY_SHARE;
    from = { at, wanted };
    return busy;
  };
}

/** Milliseconds that a process's threads have run, or were ready to and waited (the first two numbers of schedstat, in nanoseconds). */
function wantedMs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`).map((it) =>
      readFileSync(`/proc/${pid}/task/${it}/schedstat`, 'latin1'),
    );
    return tasks.reduce((sum, it) => sum + it.split(' ', 2).reduce((both, ns) => both + Number(ns) / 1e6, 0), 0);
  } catch {
    // It has ended, or the kernel keeps no such numbers.
    return 0;
  }
}
