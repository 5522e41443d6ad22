import { rounded } from './statistics.js';

/** How one figure went from a first value to a last one, and whether that is flat. */
export interface Verdict {
  readonly figure: string;
  readonly start: number;
  readonly end: number;
  /** The most that `end` may be. */
  readonly bound: number;
  readonly flat: boolean;
}

/** Judges a figure by the most that it may be at the end; a figure that falls is flat. */
export function atMost(
  figure: string,
  { start, end, bound }: Omit<Verdict, 'figure' | 'flat'>,
): Verdict {
  // A figure that is not there at all (NaN) is not flat either.
  return { figure, start, end, bound: rounded(bound), flat: end <= bound };
}

/** Judges a figure by the share by which it may grow. */
export function within(
  figure: string,
  { start, end, share }: { readonly start: number; readonly end: number; readonly share: number },
): Verdict {
  return atMost(figure, { start, end, bound: start * (1 + share) });
}
