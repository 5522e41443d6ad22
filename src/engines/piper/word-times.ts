import type { WordMark } from '../../protocol/requests.js';
import type { TextSpan } from '../../speech/script.js';

/**
 * What is heard of a word ends somewhat before its frames do: the last sound of a sentence by 30 ms
 * (median of 12 sentences by joe; `bench marks`, `edges`). The first one begins where they do.
 */
const LEAD_SECONDS = 0.03;
/**
 * The frames of a space belong to the word after it, whose closure or breath they hold. A longer gap
 * is a pause.
 */
const MAX_SPACE_SECONDS = 0.15;

/** What the times of words are read from. */
export interface WordTimesOptions {
  /** Frames of each id. */
  readonly durations: Float32Array;
  /** Of each id the index of the word that it is part of. */
  readonly words: readonly (number | undefined)[];
  /** Of each word its place in the request's text. */
  readonly sources: readonly TextSpan[];
  readonly hopSamples: number;
  readonly sampleRateHz: number;
}

/** When each word is said, in the order in which they are. */
export function wordTimes(options: WordTimesOptions): WordMark[] {
  const { sources, hopSamples, sampleRateHz } = options;
  const leadSamples = Math.round(LEAD_SECONDS * sampleRateHz);
  const earlier = (frame: number): number => Math.max(0, frame * hopSamples - leadSamples);
  let lastFrame = 0;
  return framesOfWords(options).flatMap(({ word, from, to }, index) => {
    const source = sources[word];
    if (!source) return [];
    const gapSeconds = ((from - lastFrame) * hopSamples) / sampleRateHz;
    const start = index > 0 && gapSeconds < MAX_SPACE_SECONDS ? lastFrame : from;
    lastFrame = to;
    const fromSample = index === 0 ? from * hopSamples : earlier(start);
    return [{ ...source, fromSample, toSample: earlier(to) }];
  });
}

interface WordFrames {
  readonly word: number;
  readonly from: number;
  to: number;
}

/** From each word's first phoneme to the end of its last one. */
function framesOfWords({ durations, words }: WordTimesOptions): WordFrames[] {
  const found = new Map<number, WordFrames>();
  let frame = 0;
  for (const [index, word] of words.entries()) {
    const end = frame + (durations[index] ?? 0);
    const known = word === undefined ? undefined : found.get(word);
    if (known) known.to = end;
    else if (word !== undefined) found.set(word, { word, from: frame, to: end });
    frame = end;
  }
  return [...found.values()];
}
