/** Least, middle and greatest of some numbers: the spread shows how noisy the machine was. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Sums numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Reads a quantile off a sample, with linear interpolation between neighbours (definition 7 of
 * Hyndman and Fan, 1996, which numpy uses too).
 * @throws RangeError if there is no value.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) throw new RangeError('A quantile of no values.');
  return low + (high - low) * (place - Math.floor(place));
}

/** Shortens a number for the printed line: three decimals say more than any clock here knows. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Min, median and max of a sample, shortened for printing. */
export function spread(values: readonly number[]): Spread {
  return {
    min: rounded(quantile(values, 0)),
    median: rounded(quantile(values, 0.5)),
    max: rounded(quantile(values, 1)),
  };
}
