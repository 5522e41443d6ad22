import { describe, expect, test } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { formatVoiceMix, parseVoiceMix } from '../../src/protocol/voice-mix.js';

describe('a voice that may be a mix', () => {
  test.each([
    ['af_heart', [['af_heart', 1]]],
    ['af_heart(3)', [['af_heart', 3]]],
    [
      'af_heart+am_adam',
      [
        ['af_heart', 1],
        ['am_adam', 1],
      ],
    ],
    [
      ' af_heart ( 2 ) + am_adam (.5)',
      [
        ['af_heart', 2],
        ['am_adam', 0.5],
      ],
    ],
    [
      'Frau Müller(1.25)+joe',
      [
        ['Frau Müller', 1.25],
        ['joe', 1],
      ],
    ],
  ])('reads %j', (text, shares) => {
    expect(parseVoiceMix(text).map(({ voice, weight }) => [voice, weight])).toEqual(shares);
  });

  test.each([
    '',
    '+',
    'a+',
    '+a',
    'a++b',
    'a()',
    '(2)',
    'a(0)',
    'a(0.0)+b',
    'a(-1)',
    'a(1e3)',
    'a(Infinity)',
    'a(NaN)',
    'a(2',
    'a(2))',
    'a(2)b',
    'a(1)(2)',
    'a+b+c+d+e+f+g+h+i',
    'a(9999999999)',
  ])('refuses %j', (text) => {
    expect(() => parseVoiceMix(text)).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param: 'voice' } }),
    );
    expect(() => parseVoiceMix(text)).toThrow(ChorusError);
  });

  test.each([
    ['af_heart (2) + am_adam', 'af_heart(2)+am_adam(1)'],
    ['a(0.1)+b+a(0.2)', 'a(0.3)+b(1)'],
    ['a(2)+a(3)', 'a'],
    ['a(.000001)+b(999999999)', 'a(0.000001)+b(999999999)'],
    ['a', 'a'],
  ])('is written in one way: %j is %j', (text, canonical) => {
    const written = formatVoiceMix(parseVoiceMix(text));
    expect(written).toBe(canonical);
    expect(formatVoiceMix(parseVoiceMix(written))).toBe(canonical);
  });
});
