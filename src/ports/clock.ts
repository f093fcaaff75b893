export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** ISO 8601 in UTC. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
