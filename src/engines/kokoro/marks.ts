import type { WordMark } from '../../protocol/requests.js';
import type { TextSpan } from '../../speech/script.js';
import type { SpokenSymbol } from './spoken-symbols.js';

/** A frame of Kokoro's durations: 25 ms at 24 kHz. */
const FRAME_SAMPLES = 600;

/** What a piece's word times are read from. */
export interface Alignment {
  readonly symbols: readonly SpokenSymbol[];
  /** What the symbols' word numbers mean. */
  readonly words: readonly TextSpan[];
  /** Frames of each token, those of the zeros at both ends included. */
  readonly durations: ArrayLike<number>;
  /** Silence that was cut off before the samples. */
  readonly trimmedSamples: number;
  /** Length of the audio that is left. */
  readonly samples: number;
}

/**
 * When each word is said, from the durations that the model itself spoke with. A word reaches from
 * its first symbol to its last; of the space between two words each gets half.
 * @returns Nothing if the durations are not those of the symbols.
 */
export function wordMarks(alignment: Alignment): WordMark[] {
  const { symbols, words, durations, trimmedSamples, samples } = alignment;
  if (durations.length !== symbols.length + 2) return [];
  const starts = startsOf(durations);
  const sampleAt = (frame: number) =>
    Math.min(Math.max(Math.round(frame * FRAME_SAMPLES) - trimmedSamples, 0), samples);
  return extentsOf(symbols).flatMap(({ word, first, last }) => {
    const source = words[word];
    if (source === undefined) return [];
    const begin = (starts[first + 1] ?? 0) - halfSpace(symbols, durations, first - 1);
    const end = (starts[last + 2] ?? 0) + halfSpace(symbols, durations, last + 1);
    return [{ ...source, fromSample: sampleAt(begin), toSample: sampleAt(end) }];
  });
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
