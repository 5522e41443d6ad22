/** A row of a network's last layer, one value for each piece of the vocabulary. */
export interface ScoreRow {
  readonly values: Float32Array;
  /** Where the row begins in `values`. */
  readonly from: number;
  readonly length: number;
}

/** The piece with the highest score; the first of equals. */
export function bestOf({ values, from, length }: ScoreRow): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < length; id++) {
    const value = values[from + id] as number;
    if (value > highest) {
      highest = value;
      best = id;
    }
  }
  return best;
}

/**
 * Log probability of a piece. Some exports end in a softmax's logarithm and some before it: taking it
 * once more changes nothing.
 */
export function logprobOf({ values, from, length }: ScoreRow, id: number): number {
  const score = values[from + id] as number;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.exp((values[from + i] as number) - score);
  return -Math.log(sum);
}
