import type { WordMark } from '../../protocol/requests.js';
import type { TextSpan } from '../../speech/script.js';

/** What the times of words are read from. */
export interface WordTimesOptions {
  /** Frames of each id. */
  readonly durations: Float32Array;
  /** Of each id the index of the word that it is part of. */
  readonly words: readonly (number | undefined)[];
  /** Of each word its place in the request's text. */
  readonly sources: readonly TextSpan[];
  readonly hopSamples: number;
}

/** When each word is said: from its first phoneme to the end of its last one. */
export function wordTimes(options: WordTimesOptions): WordMark[] {
  const { durations, words, sources, hopSamples } = options;
  const times = new Map<number, { from: number; to: number }>();
  let frame = 0;
  for (const [index, word] of words.entries()) {
    const end = frame + (durations[index] ?? 0);
    if (word !== undefined) {
      const time = times.get(word);
      if (time) time.to = end;
      else times.set(word, { from: frame, to: end });
    }
    frame = end;
  }
  return [...times].flatMap(([word, { from, to }]) => {
    const source = sources[word];
    if (!source) return [];
    return [{ ...source, fromSample: from * hopSamples, toSample: to * hopSamples }];
  });
}
