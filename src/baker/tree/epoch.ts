import type { Lock } from '../../model/lock.ts';

/** Newest date of the lock's indexes, in seconds since the epoch: what stands for "now" in everything that is baked. */
export function sourceDateEpoch(lock: Lock): number {
  return Math.floor(Math.max(0, ...lock.indexes.map((index) => Date.parse(index.date))) / 1000);
}
