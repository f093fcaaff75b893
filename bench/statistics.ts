export interface Ratio {
  /** Ours: median of the runs, or one size. */
  readonly value: number;
  /** The peer's, measured in the same turns. */
  readonly peer: number;
  /** Median of the ratios of each turn: a machine that slows down slows both. */
  readonly ratio: number;
}

/** Middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Compares runs that were made in turn. */
export function ratio(ours: readonly number[], peers: readonly number[]): Ratio {
  return {
    value: median(ours),
    peer: median(peers),
    ratio: median(ours.map((value, at) => value / (peers[at] ?? Number.NaN))),
  };
}
