import type { TurnFigures } from '../live/turn-figures.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import type { Spread } from '../support/statistics.js';

/** Bounds of the 95th percentiles of each stream. */
export const TRANSCRIBER_GOALS = { partialLagMs: 1000, finalDelayMs: 1000 } as const;
/** A stream whose delay has grown by more from its first half to its second one falls behind. */
const MOST_GROWTH_MS = 500;

/** How one stream was heard. */
export interface StreamFigures {
  readonly partialLagP95Ms: number;
  readonly finalDelayP95Ms: number;
  /** Median final delay of its later turns less that of its earlier ones. */
  readonly growthMs: number;
  /** Turns whose text never came. */
  readonly missing: number;
}

/** The streams of a level side by side: worst is `max`. */
export interface StreamsFigures {
  readonly partialLagP95MsOfStreams: Spread;
  readonly finalDelayP95MsOfStreams: Spread;
  readonly growthMsOfStreams: Spread;
  /** Streams that miss a text, or whose delay grows. */
  readonly fallenBehind: number;
  readonly met: boolean;
}

/** Puts the turns of one stream together; one of which nothing was heard has endless lags. */
export function streamFigures(turns: readonly TurnFigures[]): StreamFigures {
  const finals = turns.flatMap(({ finalDelayMs }) => finalDelayMs ?? []);
  const half = Math.floor(finals.length / 2);
  const growthMs = median(finals.slice(finals.length - half)) - median(finals.slice(0, half));
  return {
    partialLagP95Ms: p95(turns.flatMap(({ lagsMs }) => lagsMs)),
    finalDelayP95Ms: p95(finals),
    growthMs: half === 0 ? 0 : rounded(growthMs),
    missing: turns.length - finals.length,
  };
}

/** Compares the streams of a level with the goals. */
export function streamsFigures(
  streams: number,
  turnsOfStreams: readonly (readonly TurnFigures[])[],
): StreamsFigures {
  const all = turnsOfStreams.map(streamFigures);
  // A stream that broke off is not among them.
  const lost = Array.from({ length: streams - all.length }, () => streamFigures([]));
  const every = [...all, ...lost];
  const spreadOf = (figure: (one: StreamFigures) => number): Spread => spread(every.map(figure));
  const partialLagP95MsOfStreams = spreadOf((one) => one.partialLagP95Ms);
  const finalDelayP95MsOfStreams = spreadOf((one) => one.finalDelayP95Ms);
  const isQuick =
    partialLagP95MsOfStreams.max <= TRANSCRIBER_GOALS.partialLagMs &&
    finalDelayP95MsOfStreams.max <= TRANSCRIBER_GOALS.finalDelayMs;
  const fallenBehind = lost.length + all.filter(isBehind).length;
  return {
    partialLagP95MsOfStreams,
    finalDelayP95MsOfStreams,
    growthMsOfStreams: spreadOf(({ growthMs }) => growthMs),
    fallenBehind,
    met: isQuick && fallenBehind === 0,
  };
}

function isBehind({ missing, growthMs }: StreamFigures): boolean {
  return missing > 0 || growthMs > MOST_GROWTH_MS;
}

function median(valuesMs: readonly number[]): number {
  return valuesMs.length === 0 ? 0 : quantile(valuesMs, 0.5);
}

function p95(valuesMs: readonly number[]): number {
  return valuesMs.length === 0 ? Infinity : rounded(quantile(valuesMs, 0.95));
}
