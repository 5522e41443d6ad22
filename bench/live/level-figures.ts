import { errorPercent } from '../asr/word-errors.js';
import { quantile, rounded, sum } from '../support/statistics.js';
import type { TurnFigures } from './turn-figures.js';

/** What so many streams at once went through. */
export interface LiveLevel {
  readonly streams: number;
  readonly turns: number;
  /** Last sample of a word sent → the word is shown. */
  readonly partialLagP50Ms: number | undefined;
  readonly partialLagP95Ms: number | undefined;
  /** The same without the last word of each turn. */
  readonly innerLagP50Ms: number | undefined;
  readonly innerLagP95Ms: number | undefined;
  readonly finalDelayP50Ms: number | undefined;
  readonly finalDelayP95Ms: number | undefined;
  /** Turns whose text never came. */
  readonly missing: number;
  readonly words: number;
  /** Share of the words that were never shown as they were said: they have no lag. */
  readonly unmatchedShare: number;
  readonly wordErrorPercent: number;
  /** Connections that ended, sessions that were told of errors. */
  readonly failures: number;
}

/** Bounds of the 95th percentiles. */
export const LIVE_GOALS = { partialLagMs: 700, finalDelayMs: 600, streams: 8 } as const;
/** Where more words than these have no lag, the lags of the others say little. */
const MOST_UNMATCHED = 0.25;

/** Puts the turns of all streams together. */
export function liveLevel(
  streams: number,
  turns: readonly TurnFigures[],
  failures: number,
): LiveLevel {
  const lags = turns.flatMap(({ lagsMs }) => lagsMs);
  const inner = turns.flatMap(({ innerLagsMs }) => innerLagsMs);
  const finals = turns.flatMap(({ finalDelayMs }) => finalDelayMs ?? []);
  const unmatched = sum(turns.map((turn) => turn.unmatched));
  return {
    streams,
    turns: turns.length,
    partialLagP50Ms: share(lags, 0.5),
    partialLagP95Ms: share(lags, 0.95),
    innerLagP50Ms: share(inner, 0.5),
    innerLagP95Ms: share(inner, 0.95),
    finalDelayP50Ms: share(finals, 0.5),
    finalDelayP95Ms: share(finals, 0.95),
    missing: turns.length - finals.length,
    words: lags.length + unmatched,
    unmatchedShare: rounded(unmatched / (lags.length + unmatched)),
    wordErrorPercent: rounded(errorPercent(turns)),
    failures,
  };
}

/** Whether a level stays within the goals; with nothing heard it does not. */
export function isWithinGoals(level: LiveLevel): boolean {
  const { partialLagP95Ms = Infinity, finalDelayP95Ms = Infinity } = level;
  const isQuick =
    partialLagP95Ms <= LIVE_GOALS.partialLagMs && finalDelayP95Ms <= LIVE_GOALS.finalDelayMs;
  const isWhole = level.missing === 0 && level.failures === 0;
  return isQuick && isWhole && level.unmatchedShare <= MOST_UNMATCHED;
}

/** The most streams within the goals, where all fewer were too; 0 if none were. */
export function largestWithin(levels: readonly LiveLevel[]): number {
  let largest = 0;
  for (const level of levels.toSorted((a, b) => a.streams - b.streams)) {
    if (!isWithinGoals(level)) break;
    largest = level.streams;
  }
  return largest;
}

function share(valuesMs: readonly number[], part: number): number | undefined {
  return valuesMs.length === 0 ? undefined : rounded(quantile(valuesMs, part));
}
