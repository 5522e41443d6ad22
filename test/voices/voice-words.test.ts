import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { promptText, voiceName } from '../../src/voices/voice-words.js';

describe('a name', () => {
  test.each(['joe', '中文女', 'Zoë 2', 'हिन्दी', 'a.b_c-d', '9', 'x'.repeat(64), '𠀀'.repeat(64)])(
    'may be %s',
    (name) => expect(voiceName(name)).toBe(name.normalize('NFC')),
  );

  test.each([
    '',
    ' ',
    ' joe',
    'joe ',
    '.',
    '..',
    '.joe',
    '../joe',
    'a/b',
    String.raw`a\b`,
    'a\0b',
    'a\nb',
    'joe\n',
    'a:b',
    '🎙',
    'a\u202Eb',
    '\uD800',
    '<b>',
    'x'.repeat(65),
    'x'.repeat(700),
  ])('cannot be %j', (name) => expect(voiceName(name)).toBeUndefined());

  test('that looks the same is the same', () => {
    expect(voiceName('Zoe\u0308')).toBe(voiceName('Zo\u00EB'));
  });

  test('never holds what a path is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        const name = voiceName(text) ?? 'none';
        expect(name).not.toMatch(/[/\\\0:]|^\./);
        expect(voiceName(name)).toBe(name);
      }),
    );
  });
});

describe('the words of a recording', () => {
  test('are trimmed, and freed from what is no text', () => {
    expect(promptText(' a\0b \uD800\n')).toBe('a b \uFFFD');
  });

  test.each(['', ' \n', '\0', 'x'.repeat(501), '𠀀'.repeat(501)])('cannot be %j', (text) => {
    expect(promptText(text)).toBeUndefined();
  });

  test('are counted as characters', () => {
    expect(promptText('𠀀'.repeat(500))).toBe('𠀀'.repeat(500));
  });
});
