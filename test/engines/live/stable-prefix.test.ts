import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  textOf,
  wordsOf,
  wordsWithin,
  type HeardWord,
} from '../../../src/engines/live/heard-words.js';
import { StablePrefix } from '../../../src/engines/live/stable-prefix.js';

const read = (text: string): readonly HeardWord[] => wordsOf({ text });

/** What is stable and what is guessed after each reading. */
function follow(readings: readonly string[]): [string, string][] {
  const prefix = new StablePrefix();
  return readings.map((text) => {
    const { stable, tail } = prefix.push(read(text));
    return [textOf(stable), textOf(tail)];
  });
}

/** Few words, so that readings often agree, repeat themselves and are shifted. */
const anyWord = fc.constantFrom('a', 'A,', 'b', 'b.', 'c', 'da');
const anyReading = fc
  .array(anyWord, { maxLength: 12 })
  .map((words) => words.map((word) => ` ${word}`).join(''));
const anyReadings = fc.array(anyReading, { maxLength: 12 });

describe('the stable prefix', () => {
  it('is what two readings in a row agree on, but for the last word', () => {
    expect(follow([' The cat', ' The cat sat', ' The cat sat on'])).toEqual([
      ['', 'The cat'],
      ['The cat', 'sat'],
      ['The cat sat', 'on'],
    ]);
    expect(follow([' The cap', ' The cat sat', ' The cap sat on'])).toEqual([
      ['', 'The cap'],
      ['The', 'cat sat'],
      ['The', 'cap sat on'],
    ]);
  });

  it('has at once what the engine is sure of, but for the last word', () => {
    const prefix = new StablePrefix();
    const first = read(' The cat sat on');
    expect(wordsWithin(first, ' The cat sa'.length)).toBe(2);
    expect(textOf(prefix.push(first, 2).stable)).toBe('The cat');
    expect(textOf(prefix.push(read(' The cat sat on'), 4).stable)).toBe('The cat sat');
    // Sure of less than what is stable: nothing is taken back.
    expect(textOf(prefix.push(read(' The cap'), 1).stable)).toBe('The cat sat');
  });

  it('compares words without case and punctuation, and has the later ones', () => {
    expect(follow([' hello world.', ' Hello, world and'])).toEqual([
      ['', 'hello world.'],
      ['Hello, world', 'and'],
    ]);
  });

  it('finds its place in a reading that has lost or won a word', () => {
    const prefix = new StablePrefix();
    prefix.push(read(' one two three four five'));
    prefix.push(read(' one two three four five'));
    expect(textOf(prefix.stable)).toBe('one two three four');
    expect(textOf(prefix.push(read(' two three four six seven')).tail)).toBe('six seven');
    expect(textOf(prefix.finish(read(' oh one two three four six')))).toBe(
      'one two three four six',
    );
  });

  it('knows the words of scripts without spaces', () => {
    expect(wordsOf({ text: '今天，天气 ok好。' }).map(({ word }) => word)).toEqual([
      '今',
      '天，',
      '天',
      '气',
      ' ok',
      '好。',
    ]);
    expect(follow(['今天天', '今天天气'])).toEqual([
      ['', '今天天'],
      ['今天天', '气'],
    ]);
  });

  it('is never taken back, and the last reading begins with it', () => {
    const sureties = fc.array(fc.nat(12), { minLength: 12, maxLength: 12 });
    const property = fc.property(anyReadings, sureties, anyReading, (readings, sure, last) => {
      const prefix = new StablePrefix();
      let before = '';
      for (const [at, text] of readings.entries()) {
        const { stable, tail } = prefix.push(read(text), sure[at]);
        expect(textOf(stable).startsWith(before)).toBe(true);
        before = textOf(stable);
        expect(textOf([...stable, ...tail]).startsWith(before)).toBe(true);
      }
      expect(textOf(prefix.finish(read(last))).startsWith(before)).toBe(true);
    });
    fc.assert(property, { seed: 8, numRuns: 2_000 });
  });

  it('holds no more words than the longest reading, and each is one that was read', () => {
    const property = fc.property(anyReadings, (readings) => {
      const prefix = new StablePrefix();
      const known = new Set(readings.flatMap((text) => read(text).map(({ word }) => word)));
      const longest = Math.max(0, ...readings.map((text) => read(text).length));
      for (const text of readings) {
        const { stable, tail } = prefix.push(read(text));
        expect(stable.length).toBeLessThanOrEqual(longest * 2);
        expect([...stable, ...tail].every(({ word }) => known.has(word))).toBe(true);
      }
    });
    fc.assert(property, { seed: 9, numRuns: 500 });
  });

  it('is the whole text but its last word when nothing but the end changes', () => {
    const property = fc.property(fc.array(anyWord, { minLength: 1, maxLength: 20 }), (words) => {
      const prefix = new StablePrefix();
      for (let count = 1; count <= words.length; count++) {
        const text = words.slice(0, count).join(' ');
        prefix.push(read(` ${text}`));
      }
      const { stable } = prefix.push(read(` ${words.join(' ')}`));
      expect(textOf(stable)).toBe(words.slice(0, -1).join(' '));
    });
    fc.assert(property, { seed: 10, numRuns: 500 });
  });
});
