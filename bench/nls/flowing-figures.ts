import type { HeardSpeech } from '../support/speak.js';
import { quantile, rounded, spread, sum } from '../support/statistics.js';
import type { Spread } from '../support/statistics.js';
import type { FlowingSpeech } from './flowing-speech.js';

/** First audio of flowing synthesis may take so many times that of `/v1/audio/speech`. */
export const FLOWING_GOAL_RATIO = 1.3;

/** The same text three times. */
export interface FlowingTriple {
  /** `/v1/audio/speech`. */
  readonly speech: HeardSpeech;
  /** All of it with one `RunSynthesis`. */
  readonly whole: FlowingSpeech;
  /** In small pieces, one after the other. */
  readonly pieces: FlowingSpeech;
}

/** How the three compare. */
export interface FlowingFigures {
  readonly texts: number;
  readonly speechFirstAudioMs: Spread;
  readonly wholeFirstAudioMs: Spread;
  /** From the end of the first sentence: before it nothing can be said. */
  readonly piecesSinceSentenceMs: Spread;
  /** Ratio of the medians, whole to speech. */
  readonly firstAudioRatio: number;
  readonly firstAudioRatioOfPairs: Spread;
  /** Ratio of the medians, pieces to speech. */
  readonly sinceSentenceRatio: number;
  readonly speechTotalMs: Spread;
  readonly wholeTotalMs: Spread;
  readonly piecesTotalMs: Spread;
  readonly speechAudioSeconds: number;
  readonly wholeAudioSeconds: number;
  readonly piecesAudioSeconds: number;
}

/**
 * Compares texts that were spoken in the three ways.
 * @throws RangeError if there are none.
 */
export function flowingFigures(triples: readonly FlowingTriple[]): FlowingFigures {
  type Figure = (triple: FlowingTriple) => number;
  const spreadOf = (figure: Figure): Spread => spread(triples.map(figure));
  const median = (figure: Figure): number => quantile(triples.map(figure), 0.5);
  const seconds = (figure: Figure): number => rounded(sum(triples.map(figure)));
  const speechMs = median(({ speech }) => speech.firstAudioMs);
  return {
    texts: triples.length,
    speechFirstAudioMs: spreadOf(({ speech }) => speech.firstAudioMs),
    wholeFirstAudioMs: spreadOf(({ whole }) => whole.firstAudioMs),
    piecesSinceSentenceMs: spreadOf(({ pieces }) => pieces.sinceSentenceMs),
    firstAudioRatio: rounded(median(({ whole }) => whole.firstAudioMs) / speechMs),
    firstAudioRatioOfPairs: spreadOf(
      ({ whole, speech }) => whole.firstAudioMs / speech.firstAudioMs,
    ),
    sinceSentenceRatio: rounded(median(({ pieces }) => pieces.sinceSentenceMs) / speechMs),
    speechTotalMs: spreadOf(({ speech }) => speech.totalMs),
    wholeTotalMs: spreadOf(({ whole }) => whole.totalMs),
    piecesTotalMs: spreadOf(({ pieces }) => pieces.totalMs),
    speechAudioSeconds: seconds(({ speech }) => speech.audioSeconds),
    wholeAudioSeconds: seconds(({ whole }) => whole.audioSeconds),
    piecesAudioSeconds: seconds(({ pieces }) => pieces.audioSeconds),
  };
}
