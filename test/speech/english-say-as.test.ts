import { describe, expect, test } from 'vitest';

import { english } from '../../src/speech/english/front-end.js';

describe('say-as', () => {
  test.each([
    ['cardinal', undefined, '1,234', 'one thousand two hundred thirty-four'],
    ['cardinal', undefined, '-12.5', 'minus twelve point five'],
    ['cardinal', undefined, '007', 'seven'],
    ['cardinal', undefined, 'many', undefined],
    ['number', undefined, '42', 'forty-two'],
    ['number', 'ordinal', '42', 'forty-second'],
    ['number', 'digits', '42', 'four two'],
    ['number', undefined, '3/4', 'three quarters'],
    ['ordinal', undefined, '3', 'third'],
    ['ordinal', undefined, '21st', 'twenty-first'],
    ['ordinal', undefined, 'x', undefined],
    ['digits', undefined, '2026', 'two zero two six'],
    ['digits', undefined, '12345678', 'one two three, four five six, seven eight'],
    ['digits', undefined, 'none', undefined],
    ['characters', undefined, 'Ab1', 'eigh B one'],
    ['spell-out', undefined, 'URL-7', 'U R L dash seven'],
    ['verbatim', undefined, 'abc', 'eigh B C'],
    ['characters', undefined, ' ', undefined],
    ['date', 'mdy', '11/21/2026', 'November twenty-first, twenty twenty-six'],
    ['date', 'dmy', '03/04/2026', 'April third, twenty twenty-six'],
    ['date', 'mdy', '03/04/2026', 'March fourth, twenty twenty-six'],
    ['date', 'ymd', '2026-11-21', 'November twenty-first, twenty twenty-six'],
    ['date', 'yyyymmdd', '20261121', 'November twenty-first, twenty twenty-six'],
    ['date', 'md', '11/21', 'November twenty-first'],
    ['date', 'dm', '21.11', 'November twenty-first'],
    ['date', 'ym', '2026-11', 'November twenty twenty-six'],
    ['date', 'my', '11/2026', 'November twenty twenty-six'],
    ['date', 'y', '1905', 'nineteen oh five'],
    ['date', 'm', '11', 'November'],
    ['date', 'd', '21', 'twenty-first'],
    ['date', 'mdy', '13/21/2026', undefined],
    ['date', 'mdy', '11/21', undefined],
    ['date', undefined, 'Nov 21, 2026', 'November twenty-first, twenty twenty-six'],
    ['time', 'hms12', '3:30pm', 'three thirty P-M'],
    ['time', 'hms24', '15:45', 'fifteen forty-five'],
    ['time', undefined, '9:05:01', 'nine oh five and one second'],
    ['time', undefined, '25:00', undefined],
    ['telephone', undefined, '+1 555 0100', 'plus one, five five five, zero one zero zero'],
    ['telephone', '1', '(555) 0199', 'five five five, zero one nine nine'],
    ['telephone', undefined, 'none', undefined],
    ['currency', 'USD', '$5.50', 'five dollars and fifty cents'],
    ['fraction', undefined, '2/9', 'two ninths'],
    ['fraction', undefined, '3+1/2', 'three and a half'],
    ['fraction', undefined, '1/0', undefined],
    ['unit', undefined, '10km', 'ten kilometers'],
    ['expletive', undefined, 'darn', 'beep'],
    ['CARDINAL', undefined, '１２', 'twelve'],
    ['poem', undefined, '12', undefined],
  ])('%s %s of %j', (interpretAs, format, text, spoken) => {
    const as = format === undefined ? { interpretAs } : { interpretAs, format };
    expect(english.sayAs(text, as)).toBe(spoken);
  });
});
