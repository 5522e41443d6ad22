import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { splitSentences } from '../../src/speech/sentences.js';

describe('splitSentences', () => {
  it.each<[string, string[]]>([
    ['Hello there. How are you? Fine!', ['Hello there.', 'How are you?', 'Fine!']],
    ['Dr. Smith met Mr. Jones. They talked.', ['Dr. Smith met Mr. Jones.', 'They talked.']],
    ['Bring fruit, e.g. Apples. Go.', ['Bring fruit, e.g. Apples.', 'Go.']],
    ['The U.S. economy grew. Good.', ['The U.S. economy grew.', 'Good.']],
    ['We left at 5 p.m. on Monday.', ['We left at 5 p.m. on Monday.']],
    ['J. R. R. Tolkien wrote it. I read it.', ['J. R. R. Tolkien wrote it.', 'I read it.']],
    ['Pi is 3.14. It goes on.', ['Pi is 3.14.', 'It goes on.']],
    ['See example.com for more. Bye.', ['See example.com for more.', 'Bye.']],
    ['"Stop!" She ran. (He did not.) End.', ['"Stop!"', 'She ran.', '(He did not.)', 'End.']],
    ['Well... maybe. Or... No.', ['Well... maybe.', 'Or...', 'No.']],
    ['What?! Really?', ['What?!', 'Really?']],
    ['A title\n\nA paragraph', ['A title', 'A paragraph']],
    ['A line\nthat goes on.', ['A line that goes on.']],
    ['你好。今天好吗？很好！', ['你好。', '今天好吗？', '很好！']],
    ['他说：“走吧。”然后走了。', ['他说：“走吧。”', '然后走了。']],
    ['', []],
    [' \n ', []],
  ])('cuts %j', (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
  });

  it('cuts a long sentence after a clause, else between words, else anywhere', () => {
    expect(splitSentences('one two three, four five six', 18)).toEqual([
      'one two three,',
      'four five six',
    ]);
    expect(splitSentences('one two three four', 10)).toEqual(['one two', 'three four']);
    expect(splitSentences('a'.repeat(25), 10)).toEqual(['a'.repeat(10), 'a'.repeat(10), 'aaaaa']);
  });

  it('does not cut a surrogate pair', () => {
    for (const piece of splitSentences('😀'.repeat(20), 7)) {
      expect(() => encodeURIComponent(piece)).not.toThrow();
    }
  });

  it('loses nothing but white space, and bounds every piece', () => {
    const word = fc.constantFrom(
      'Dr.',
      'a',
      'U.S.',
      '3.14',
      'end.',
      '“Yes!”',
      '。',
      '…',
      '\n',
      '😀',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(word, { maxLength: 80 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const pieces = splitSentences(text, 20);
        expect(pieces.join('').replace(/\s+/g, '')).toBe(text.replace(/\s+/g, ''));
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});
