/**
 * Measures how steadily values rise: the share of pairs that do less the share of those that fall
 * (Kendall's tau).
 */
export function steadinessOf(values: ArrayLike<number>): number {
  let rising = 0;
  for (let from = 0; from < values.length; from += 1) {
    for (let to = from + 1; to < values.length; to += 1) {
      rising += Math.sign((values[to] ?? 0) - (values[from] ?? 0));
    }
  }
  return rising / pairsOf(values);
}

/**
 * Measures the typical growth from one value to the next: the median of the slopes of all pairs
 * (Theil–Sen), which single outliers do not sway.
 */
export function slopeOf(values: ArrayLike<number>): number {
  const slopes = new Float64Array(pairsOf(values));
  let at = 0;
  for (let from = 0; from < values.length; from += 1) {
    for (let to = from + 1; to < values.length; to += 1) {
      slopes[at++] = ((values[to] ?? 0) - (values[from] ?? 0)) / (to - from);
    }
  }
  slopes.sort();
  const upper = slopes[slopes.length >> 1] ?? 0;
  const lower = slopes[(slopes.length - 1) >> 1] ?? 0;
  return (lower + upper) / 2;
}

/** Standard deviation of Kendall's tau of so many values without any trend. */
export function steadinessDeviation(length: number): number {
  return Math.sqrt((2 * (2 * length + 5)) / (9 * length * (length - 1)));
}

function pairsOf({ length }: ArrayLike<number>): number {
  return (length * (length - 1)) / 2;
}
