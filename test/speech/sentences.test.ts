import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cutPhonemes } from '../../src/speech/cut-phonemes.js';
import { MAX_SENTENCE_LENGTH, splitSentences } from '../../src/speech/sentences.js';

describe('splitSentences', () => {
  it.each([
    ['Hello there. How are you?', ['Hello there.', 'How are you?']],
    ['Dr. Smith met Mrs. Jones. They talked.', ['Dr. Smith met Mrs. Jones.', 'They talked.']],
    ['It costs 3.50 dollars. Cheap!', ['It costs 3.50 dollars.', 'Cheap!']],
    ['J. R. R. Tolkien wrote it. I read it.', ['J. R. R. Tolkien wrote it.', 'I read it.']],
    ['We have apples, pears, etc. and more.', ['We have apples, pears, etc. and more.']],
    ['He said, "Stop!" Then he left.', ['He said, "Stop!"', 'Then he left.']],
    ['Well... maybe. Wait... What?', ['Well... maybe.', 'Wait...', 'What?']],
    ['See fig. 3 and no. 7. Done.', ['See fig. 3 and no. 7.', 'Done.']],
    [
      'The meeting is at 5 p.m. Friday works too.',
      ['The meeting is at 5 p.m.', 'Friday works too.'],
    ],
    ['今天天气很好。我们去公园吧！好吗？', ['今天天气很好。', '我们去公园吧！', '好吗？']],
    ['First paragraph\n\nSecond one', ['First paragraph', 'Second one']],
    ['One line\nstill the same sentence.', ['One line still the same sentence.']],
    ['What?! No way.', ['What?!', 'No way.']],
    ['Bring fruit, e.g. Apples. Go.', ['Bring fruit, e.g. Apples.', 'Go.']],
    ['See example.com for more. Bye.', ['See example.com for more.', 'Bye.']],
    ['(He did not.) End.', ['(He did not.)', 'End.']],
    ['他说：“走吧。”然后走了。', ['他说：“走吧。”', '然后走了。']],
    ['', []],
    ['   ', []],
  ])('%j', (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
  });

  it('cuts over-long sentences between words, else anywhere', () => {
    expect(splitSentences('a'.repeat(4_096)).map((piece) => piece.length)).toEqual([
      ...Array.from({ length: 13 }, () => MAX_SENTENCE_LENGTH),
      196,
    ]);
  });

  it('loses no word and bounds every piece, whatever the text', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', '. ', '?', ', ', '\n', '1', '。', '😀', ' '),
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (input, maxLength) => {
        const pieces = splitSentences(input, maxLength);
        expect(pieces.join('').replace(/\s/g, '')).toBe(input.replace(/\s/g, ''));
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(maxLength);
          expect(piece).not.toMatch(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
        }
      }),
    );
  });
});

describe('cutPhonemes', () => {
  it('cuts between words and keeps every phoneme', () => {
    expect(cutPhonemes('wˈʌn tˈuː θɹˈiː', 10)).toEqual(['wˈʌn tˈuː ', 'θɹˈiː']);
    expect(cutPhonemes('one two', 3)).toEqual(['one', ' tw', 'o']);
    expect(cutPhonemes('aaaa', 3)).toEqual(['aaa', 'a']);
    expect(cutPhonemes('', 3)).toEqual([]);
  });
});
