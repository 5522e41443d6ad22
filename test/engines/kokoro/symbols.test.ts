import { describe, expect, it } from 'vitest';

import { cutSymbols } from '../../../src/engines/kokoro/cut.js';
import { wordMarks } from '../../../src/engines/kokoro/marks.js';
import { push, type SpokenSymbol, withMarks } from '../../../src/engines/kokoro/spoken-symbols.js';
import { kokoroSymbols } from '../../../src/engines/kokoro/symbols.js';

const textOf = (symbols: readonly SpokenSymbol[]): string =>
  symbols.map(({ symbol }) => symbol).join('');

describe("espeak's phonemes in Kokoro's symbols", () => {
  it.each([
    ['en-us', 'tʃˈɔɪs dʒˈoʊ', 'ʧˈYs ʤˈO'],
    ['en-us', 'nˈeɪtʃɚ bˈʌʔn̩ lˈɪɾəl', 'nˈAʧəɹ bˈʌtn lˈɪTᵊl'],
    ['en-us', 'həlˈoʊ wˈɜːld fˈɑːðɚɹ ˌɪn', 'həlˈO wˈɜɹld fˈɑðəɹ ˌɪn'],
    ['en-gb', 'ɡˌəʊ ðˈeə nˌiə bˈɜːd', 'ɡˌQ ðˈɛː nˌɪə bˈɜːd'],
    ['it', 'pˈitsːa dzˈaɪno', 'pˈiʦːa ʣˈIno'],
    ['pt-br', 'p\u00F5ɪ', 'po\u0303ɪ'],
    ['fr-fr', 'ɡaʁsˈɔ̃ le-z', 'ɡaʁsˈɔ̃ lez'],
    ['es', 'ˈeɾe xamˈon ç', 'ˈeɾe xamˈon ç'],
  ])('of %s: %s', (voice, ipa, symbols) => {
    expect(kokoroSymbols(ipa, voice)).toBe(symbols.normalize('NFD').replace(/c\u0327/gu, 'ç'));
  });
});

describe('marks between sounds', () => {
  const sound = (symbols: string, from: number, startsClause: boolean) => ({
    symbols,
    at: { from, to: from + 1 },
    before: ' ',
    startsClause,
  });

  it('stand as they do in the text', () => {
    const text = '“a (b)… c” – d！';
    const sounds = [1, 4, 8, 13].map((from) => sound('x', from, true));
    expect(textOf(withMarks(text, sounds))).toBe('“x (x)… x” — x! ');
  });

  it('are no stops where a clause goes on', () => {
    expect(textOf(withMarks('a. b', [sound('x', 0, true), sound('y', 3, false)]))).toBe('x y');
    expect(textOf(withMarks('a. b', [sound('x', 0, true), sound('y', 3, true)]))).toBe('x. y');
  });

  it('come from the clause where the places are not known', () => {
    const sounds = [
      { symbols: 'x', before: '', startsClause: true },
      { symbols: 'y', before: ', ', startsClause: true },
    ];
    expect(textOf(withMarks('whatever', sounds))).toBe('x, y');
  });
});

function symbolsOf(text: string): SpokenSymbol[] {
  const symbols: SpokenSymbol[] = [];
  for (const [index, word] of text.split(' ').entries()) {
    push(symbols, ' ');
    for (const symbol of word) push(symbols, symbol, /\p{L}/u.test(symbol) ? index : undefined);
  }
  return symbols;
}

describe('a cut', () => {
  const words = (count: number): string => Array.from({ length: count }, () => 'wˈɜɹd').join(' ');
  const cut = (text: string, isFirst: boolean) =>
    cutSymbols(symbolsOf(text), isFirst).map(({ symbols, ends }) => [textOf(symbols), ends]);

  it('is made after the first clause that is long enough', () => {
    const text = `${words(2)}, ${words(4)}, ${words(5)}.`;
    expect(cut(text, true)).toEqual([
      [`${words(2)}, ${words(4)},`, 'clause'],
      [`${words(5)}.`, 'piece'],
    ]);
    expect(cut(text, false)).toEqual([[text, 'piece']]);
  });

  it('is not made for a first or a last part that is too short', () => {
    const short = `${words(3)}, ${words(8)}.`;
    expect(cut(short, true)).toEqual([[short, 'piece']]);
    const tail = `${words(8)}, ${words(2)}.`;
    expect(cut(tail, true)).toEqual([[tail, 'piece']]);
  });

  it('between words puts a comma there', () => {
    const [first, second] = cut(`${words(40)}.`, true);
    expect(first).toEqual([`${words(10)},`, 'word']);
    expect(second?.[0]).toMatch(/^wˈɜɹd .*wˈɜɹd,$/u);
  });
});

describe('word times', () => {
  const symbols = symbolsOf('ab c, d');
  const sources = [0, 3, 6].map((start) => ({ start, end: start + 2 }));
  // Begin, a, b, space, c, comma, space, d, end.
  const durations = [13, 2, 2, 2, 4, 3, 2, 4, 1];
  const loud = new Float32Array(33 * 600).fill(0.5);

  it('are three frames before the durations, with half of a space on either side', () => {
    const marks = wordMarks({
      symbols,
      words: sources,
      durations,
      trimmedSamples: 600,
      sound: loud,
    });
    const frames = marks.map(({ fromSample, toSample }) => [fromSample / 600, toSample / 600]);
    expect(frames).toEqual([
      [9, 14],
      [14, 19],
      [24, 28],
    ]);
    expect(marks[1]).toMatchObject({ start: 3, end: 5 });
  });

  it('end where the sound does', () => {
    const sound = Float32Array.from(loud);
    sound.fill(0, 16 * 600, 25 * 600);
    const marks = wordMarks({ symbols, words: sources, durations, trimmedSamples: 600, sound });
    expect(marks[1]?.toSample).toBe(16 * 600);
    expect(marks[2]?.fromSample).toBe(25 * 600);
  });

  it('are none if the durations are of something else', () => {
    const other = { symbols, words: sources, trimmedSamples: 0, sound: loud };
    expect(wordMarks({ ...other, durations: durations.slice(1) })).toEqual([]);
  });
});
