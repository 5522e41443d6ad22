import type { WordMark } from '../../protocol/requests.js';
import type { TextSpan } from '../../speech/script.js';
import type { SpokenSymbol } from './spoken-symbols.js';

/** A frame of Kokoro's durations: 25 ms at 24 kHz. */
const FRAME_SAMPLES = 600;

/**
 * By so much the durations run behind what is heard. Reference: `join_timestamps` of
 * hexgrad/kokoro takes the same three frames; onsets of sibilants in our own runs are 65–70 ms early.
 */
const LATE_FRAMES = 3;
/** Below this (−40 dB) a word is over: its last phoneme reaches far into the pause after it. */
const SOUND_LEVEL = 0.01;

/** What a part's word times are read from. */
export interface Alignment {
  readonly symbols: readonly SpokenSymbol[];
  /** What the symbols' word numbers mean. */
  readonly words: readonly TextSpan[];
  /** Frames of each token, those of the zeros at both ends included. */
  readonly durations: ArrayLike<number>;
  /** Silence that was cut off before the sound. */
  readonly trimmedSamples: number;
  /** The audio that is left. */
  readonly sound: Float32Array;
}

/**
 * When each word is said, from the durations that the model itself spoke with. A word reaches from
 * its first symbol to its last; of the space between two words each gets half, of silence none.
 * @returns Nothing if the durations are not those of the symbols.
 */
export function wordMarks({ symbols, words, durations, ...audio }: Alignment): WordMark[] {
  if (durations.length !== symbols.length + 2) return [];
  const starts = startsOf(durations);
  return extentsOf(symbols).flatMap(({ word, first, last }) => {
    const source = words[word];
    if (source === undefined) return [];
    const begin = (starts[first + 1] ?? 0) - halfSpace(symbols, durations, first - 1);
    const end = (starts[last + 2] ?? 0) + halfSpace(symbols, durations, last + 1);
    return [{ start: source.start, end: source.end, ...heard(begin, end, audio) }];
  });
}

/** The samples of some frames, without silence at either end. */
function heard(
  beginFrame: number,
  endFrame: number,
  { trimmedSamples, sound }: Pick<Alignment, 'trimmedSamples' | 'sound'>,
): Pick<WordMark, 'fromSample' | 'toSample'> {
  const [from = 0, to = 0] = [beginFrame, endFrame].map((frame) => {
    const sample = Math.round((frame - LATE_FRAMES) * FRAME_SAMPLES) - trimmedSamples;
    return Math.min(Math.max(sample, 0), sound.length);
  });
  const isSound = (sample: number) => Math.abs(sample) > SOUND_LEVEL;
  const own = sound.subarray(from, to);
  const first = own.findIndex(isSound);
  if (first < 0) return { fromSample: from, toSample: to };
  return { fromSample: from + first, toSample: from + own.findLastIndex(isSound) + 1 };
}

/** Frame at which each token begins. */
function startsOf(durations: ArrayLike<number>): number[] {
  let frame = 0;
  return Array.from(durations, (duration) => {
    const start = frame;
    frame += duration;
    return start;
  });
}

/** Frames of a space that belong to the word beside it; none at a mark or at the piece's ends. */
function halfSpace(
  symbols: readonly SpokenSymbol[],
  durations: ArrayLike<number>,
  index: number,
): number {
  const isBetween = [index - 1, index + 1].every((beside) => symbols[beside]?.word !== undefined);
  return symbols[index]?.symbol === ' ' && isBetween ? (durations[index + 1] ?? 0) / 2 : 0;
}

interface Extent {
  readonly word: number;
  readonly first: number;
  last: number;
}

/** First and last symbol of each word, in order. */
function extentsOf(symbols: readonly SpokenSymbol[]): Extent[] {
  const extents = new Map<number, Extent>();
  symbols.forEach(({ word }, index) => {
    if (word === undefined) return;
    const known = extents.get(word);
    if (known === undefined) extents.set(word, { word, first: index, last: index });
    else known.last = index;
  });
  return [...extents.values()];
}
