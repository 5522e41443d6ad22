import type { TranscriptSegment } from '../../src/protocol/requests.js';

/** A segment with its times and words; the numbers beside them are fixed. */
export function segment(id: number, start: number, end: number, words: string): TranscriptSegment {
  const numbers = { temperature: 0, avgLogprob: -0.25, compressionRatio: 1.5, noSpeechProb: 0.1 };
  return { id, seek: 0, start, end, text: words, tokens: [1, 2], ...numbers };
}
