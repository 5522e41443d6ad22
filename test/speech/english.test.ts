import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { applyEdits } from '../../src/speech/edits.js';
import { english } from '../../src/speech/english/front-end.js';

/** A text and how it is said, as a native speaker would read it aloud. */
const golden = readFileSync('test/golden/english-text.tsv', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split('\t') as [text: string, spoken: string]);

function spoken(text: string): string {
  return applyEdits(text, english.edits(text));
}

describe('the golden table', () => {
  test.each(golden)('%j', (text, words) => {
    expect(spoken(text)).toBe(words);
  });

  test.each(golden)('what is said is not read anew: %j', (_text, words) => {
    expect(english.edits(words)).toEqual([]);
  });

  it('has cases enough', () => {
    expect(golden.length).toBeGreaterThanOrEqual(400);
  });
});

describe('characters without a sound', () => {
  it.each([
    ['a\u0000b', 'a b'],
    ['zero\u200Bwidth', 'zerowidth'],
    ['soft\u00ADhyphen', 'softhyphen'],
    ['\uFEFFStart', 'Start'],
    ['lone \uD83D surrogate', 'lone surrogate'],
    ['lone \uDE00', 'lone'],
    ['private \uE000 use', 'private use'],
    ['│ box ─┼─ drawing │', 'box drawing'],
    ['right \u202Eto\u202C left', 'right to left'],
    ['🇺🇸', ''],
    ['❤️‍🔥 ok', 'ok'],
    ['***', ''],
    ['Ｗｉｄｅ １２ ｗｏｒｄｓ', 'Wide twelve words'],
  ])('%j is said %j', (text, words) => {
    expect(spoken(text)).toBe(words);
  });
});

/** Any text, with much of what rules look for. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...golden.map(([text]) => text),
        ...' .,:;/-–$€@#%&*+()[]\'"_`~^=<>|\\½²°',
        ...[
          '1',
          '12',
          '1999',
          '0',
          'am',
          'km',
          'I',
          'IV',
          'A',
          'x',
          'Dr.',
          '.com',
          '://',
          '🎉',
          'ℹ',
          '\u200D',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('edits of any text', () => {
  it('are in order, in range, without overlap, and change what they cover', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let end = 0;
        for (const edit of english.edits(text)) {
          expect(edit.start).toBeGreaterThanOrEqual(end);
          expect(edit.end).toBeGreaterThan(edit.start);
          end = edit.end;
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('leave no digits and no signs that would be named', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(spoken(text)).not.toMatch(
          /[0-9$%&*+/<=>@#\\^_`|~°²½\p{Extended_Pictographic}\p{Cs}\p{Co}]/u,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile text', () => {
  const parts = [
    '1',
    ',',
    '.',
    'I',
    '/',
    '-',
    '$',
    '@',
    ':',
    'a',
    '(',
    '[',
    ']',
    '*',
    '_',
    '#',
    "'",
    '"',
    ' ',
  ];
  const mixes = [
    '1,',
    '1.',
    '1-',
    '1/',
    '1:',
    'a.',
    'a@',
    'a-',
    'A.',
    'I ',
    '$1',
    '](',
    '[a',
    '1 ',
    'a/',
    '1a',
    'http://',
    '+1 ',
    ',111',
    ' 1111',
    '1.1.1.1',
    '😀',
    '\u200D',
    '1\uFE0F',
    '<a ',
    '&amp',
    'www.',
    'a.a@',
    'Jan 1',
    '11:11',
    '-1',
    '½',
    '\uD83D',
  ];

  it.each(Object.getOwnPropertyNames(Object.prototype))('%s is a word like any other', (name) => {
    const said = spoken(
      `${name} https://${name}.com/${name} ${name}@${name}.org 5 ${name} #${name}`,
    );
    expect(said).not.toMatch(/native|undefined|\[object/);
  });

  /** A rule that looks ahead without bounds would run into the time limit of a test. */
  it.each([...parts, ...mixes])('4,096 units of %j are read', (part) => {
    const text = part.repeat(4_096).slice(0, 4_096);
    expect(/[0-9]/.test(spoken(text))).toBe(false);
  });
});
