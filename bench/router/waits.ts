import { quantile, rounded } from '../support/statistics.js';

/** Percentiles of waits in milliseconds. */
export interface WaitFigures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Reads the percentiles of waits. */
export function waitFigures(waitsMs: readonly number[]): WaitFigures {
  const at = (share: number): number => rounded(quantile(waitsMs, share));
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
