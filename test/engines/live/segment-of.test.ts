import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { textOf, wordsOf } from '../../../src/engines/live/heard-words.js';
import { segmentOf, timedWords } from '../../../src/engines/live/segment-of.js';
import { StablePrefix } from '../../../src/engines/live/stable-prefix.js';
import { FIGURES } from './live-bench.js';

const word = (text: string, start: number, end: number) => ({
  word: text,
  start,
  end,
  probability: 0.9,
});

/** Heard from 10 s on, with half a second of silence before the first word. */
const sentence = { fromSample: 160_000, voiceFrom: 168_000, voiceTo: 192_000 };

describe('a segment', () => {
  it('has its words in the time of the stream', () => {
    const words = [word(' one', 0.5, 1), word(' two.', 1.25, 2)];
    const text = { ...FIGURES, text: ' one two.', words };
    const segment = segmentOf({ id: 3, sentence, text, words: wordsOf(text), wantsWords: true });
    expect(segment).toMatchObject({ id: 3, seek: 1_000, start: 10.5, end: 12, text: 'one two.' });
    expect(segment.words).toEqual([word(' one', 10.5, 11), word(' two.', 11.25, 12)]);
  });

  it('keeps the words as they were told, with the times that came later', () => {
    const told = new StablePrefix();
    told.push(wordsOf({ text: ' One two three' }));
    told.push(wordsOf({ text: ' One two three' }));
    const words = [word(' one', 0.5, 1), word(' two', 1, 1.5), word(' four', 1.5, 2)];
    const text = { ...FIGURES, text: ' one two four', words };
    const all = told.finish(wordsOf(text));
    const segment = segmentOf({ id: 0, sentence, text, words: all, wantsWords: true });
    expect(segment.text).toBe('One two four');
    expect(segment.words).toEqual([
      word(' One', 10.5, 11),
      word(' two', 11, 11.5),
      word(' four', 11.5, 12),
    ]);
  });

  it('has the engine’s own words in scripts that need no spaces', () => {
    const words = [word('今天', 0, 0.5), word('天气', 0.5, 1)];
    const text = { ...FIGURES, text: '今天天气', words };
    expect(wordsOf(text)).toEqual([
      word('今', 0, 0.5),
      word('天', 0, 0.5),
      word('天', 0.5, 1),
      word('气', 0.5, 1),
    ]);
    const segment = segmentOf({ id: 0, sentence, text, words: wordsOf(text), wantsWords: true });
    expect(segment.words?.map(({ word }) => word)).toEqual(['今天', '天气']);
  });

  it('is where the speech is, without words', () => {
    const text = { ...FIGURES, text: ' one' };
    const segment = segmentOf({ id: 0, sentence, text, words: wordsOf(text), wantsWords: false });
    expect(segment).toMatchObject({ start: 10.5, end: 12 });
    expect(segment.words).toBeUndefined();
  });
});

describe('times of words', () => {
  const anyWord = fc.record(
    {
      word: fc.constantFrom(' a', ' bc', '.'),
      start: fc.double({ min: 0, max: 28, noNaN: true }),
      end: fc.double({ min: 0, max: 28, noNaN: true }),
      probability: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: ['word'] },
  );

  it('are there for every word, and never go back', () => {
    const property = fc.property(fc.array(anyWord, { maxLength: 12 }), (words) => {
      const timed = timedWords(words, { start: 1, end: 20, probability: 0.5 });
      expect(textOf(timed)).toBe(textOf(words));
      for (const [at, { start, end }] of timed.entries()) {
        expect(end).toBeGreaterThanOrEqual(start);
        expect(start).toBeGreaterThanOrEqual(timed[at - 1]?.start ?? 0);
      }
    });
    fc.assert(property, { seed: 15, numRuns: 500 });
  });

  it('share what lies between those that are known', () => {
    const words = [{ word: ' a' }, { word: ' b' }, word(' c', 3, 4), { word: ' d' }];
    const timed = timedWords(words, { start: 1, end: 5, probability: 0.5 });
    expect(timed.map(({ start, end }) => [start, end])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
  });
});
