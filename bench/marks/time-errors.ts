import { quantile, rounded } from '../support/statistics.js';

/** How far times lie from those of a reference, in milliseconds. */
export interface TimeErrors {
  readonly medianAbsMs: number;
  readonly p90AbsMs: number;
  /** Above 0: later than the reference. Shows what all have in common. */
  readonly medianMs: number;
}

/** Summarises errors; undefined if there are none. */
export function timeErrors(errorsMs: readonly number[]): TimeErrors | undefined {
  if (errorsMs.length === 0) return undefined;
  const sizes = errorsMs.map(Math.abs);
  return {
    medianAbsMs: rounded(quantile(sizes, 0.5)),
    p90AbsMs: rounded(quantile(sizes, 0.9)),
    medianMs: rounded(quantile(errorsMs, 0.5)),
  };
}
