/** How a series of values moves, told by measures that single outliers do not sway. */
export interface Trend {
  /** Typical growth from one value to the next: the median of the slopes of all pairs (Theil–Sen). */
  readonly slope: number;
  /** Share of pairs that rise less the share that fall (Kendall's tau): 1 = every value is a new high. */
  readonly tau: number;
}

/** Measures the trend of at least two values at equal distances. */
export function trendOf(values: ArrayLike<number>): Trend {
  const { length } = values;
  const pairs = (length * (length - 1)) / 2;
  const slopes = new Float64Array(pairs);
  let rising = 0;
  let at = 0;
  for (let from = 0; from < length; from += 1) {
    for (let to = from + 1; to < length; to += 1) {
      const slope = ((values[to] ?? 0) - (values[from] ?? 0)) / (to - from);
      slopes[at++] = slope;
      rising += Math.sign(slope);
    }
  }
  slopes.sort();
  const middle = Math.floor(pairs / 2);
  const upper = slopes[middle] ?? 0;
  const slope = pairs % 2 === 1 ? upper : ((slopes[middle - 1] ?? 0) + upper) / 2;
  return { slope, tau: rising / pairs };
}

/** Standard deviation of Kendall's tau of so many values without any trend. */
export function tauDeviation(length: number): number {
  return Math.sqrt((2 * (2 * length + 5)) / (9 * length * (length - 1)));
}
