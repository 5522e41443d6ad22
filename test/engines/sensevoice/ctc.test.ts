import { describe, expect, it } from 'vitest';

import { decodeCtc } from '../../../src/engines/sensevoice/ctc.js';
import { isNoText, readTags } from '../../../src/engines/sensevoice/tags.js';

/** Scores in which a piece stands out in each frame. */
function decoded(best: readonly number[]) {
  const vocabulary = 4;
  const values = new Float32Array(best.length * vocabulary);
  for (const [frame, id] of best.entries()) values[frame * vocabulary + id] = Math.log(3);
  return decodeCtc({ values, frames: best.length, vocabulary, blank: 0 });
}

describe('decodeCtc', () => {
  it('joins equal neighbours, and keeps them apart where a blank lies between', () => {
    const tokens = decoded([0, 1, 1, 0, 1, 2, 2, 2, 0, 3]);
    expect(tokens.map(({ id, fromFrame, toFrame }) => [id, fromFrame, toFrame])).toEqual([
      [1, 1, 3],
      [1, 4, 5],
      [2, 5, 8],
      [3, 9, 10],
    ]);
    expect(decoded([0, 0, 0])).toEqual([]);
  });

  it('knows how likely a piece was, whether or not the scores are probabilities yet', () => {
    expect(Math.exp(decoded([1])[0]?.logprob ?? 0)).toBeCloseTo(0.5, 6);
    const values = Float32Array.from([0.25, 0.5, 0.25], (p) => Math.log(p) + 7);
    const [token] = decodeCtc({ values, frames: 1, vocabulary: 3, blank: 0 });
    expect(Math.exp(token?.logprob ?? 0)).toBeCloseTo(0.5, 5);
  });
});

describe('readTags', () => {
  it('knows languages, emotions and events from each other', () => {
    const pieces = ['<|yue|>', '<|SAD|>', '<|Speech_Noise|>', '<|withitn|>', '你'];
    expect(readTags(pieces)).toEqual({
      language: 'yue',
      emotion: 'sad',
      event: 'speech_noise',
      isSpeechless: false,
    });
    expect(readTags(['<|nospeech|>', '<|EMO_UNKNOWN|>', '<|Event_UNK|>'])).toEqual({
      isSpeechless: true,
    });
    expect(readTags(['<|en|>', '<|nospeech|>']).isSpeechless).toBe(false);
  });

  it('leaves text alone', () => {
    expect(['<|zh|>', '▁<|en|>', '<unk>', '</s>'].every(isNoText)).toBe(true);
    expect(['▁the', '<', '3', '▁', '。'].some(isNoText)).toBe(false);
  });
});
