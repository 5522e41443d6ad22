import type { TranscriptSegment } from '../../src/protocol/requests.js';

/** A segment with its times and words; the numbers beside them are fixed. */
export function segment(id: number, start: number, end: number, words: string): TranscriptSegment {
  const numbers = { temperature: 0, avgLogprob: -0.25, compressionRatio: 1.5, noSpeechProb: 0.1 };
  return { id, seek: 0, start, end, text: words, tokens: [1, 2], ...numbers };
}

/** The same segment with the times of its words, dealt out evenly, and one token for each. */
export function withWords(plain: TranscriptSegment): TranscriptSegment {
  const texts = plain.text.match(/\s*\S+/g) ?? [];
  const seconds = (plain.end - plain.start) / texts.length;
  const words = texts.map((word, index) => {
    const start = plain.start + index * seconds;
    return { word, start, end: start + seconds, probability: 0.9 };
  });
  const tokenLogprobs = texts.map((token, index) => {
    return { token, logprob: -0.5 - index, bytes: [...Buffer.from(token)] };
  });
  return { ...plain, words, tokenLogprobs };
}
