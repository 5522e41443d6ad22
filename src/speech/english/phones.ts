import { cardinal, digitByDigit } from './number-words.js';
import { before, pattern, type Rule } from './rule.js';

const END = '(?![\\p{L}\\d]|[-.]\\d)';
const EXTENSION = '(?:,?\\s?(?:x|ext\\.?|extension)\\s?(\\d{1,6}))?';

/** Telephone numbers: digit by digit, a pause between groups. */
export const phoneRules: readonly Rule[] = [
  {
    at: ['sign'],
    pattern: pattern(`\\+\\d{1,3}(?:[\\s.-]?\\(?\\d{1,5}\\)?){2,6}${EXTENSION}${END}`),
    read: ([all, extension]) => phoneWords(all, extension),
  },
  {
    at: ['sign', 'digit'],
    pattern: pattern(
      `(?:1[\\s.-])?(?:\\(\\d{3}\\)\\s?|\\d{3}[-.])\\d{3}[-.\\s]\\d{4}${EXTENSION}${END}`,
    ),
    read: ([all, extension]) => phoneWords(all, extension),
  },
  {
    // National numbers with their zero: 0800 123 4567.
    at: ['digit'],
    pattern: pattern(`\\(?0\\d{2,4}\\)?(?:[\\s-]\\d{2,5}){1,4}${END}(?![\\s]?[%°])`),
    read: ([all]) => phoneWords(all, undefined),
  },
  {
    at: ['digit'],
    pattern: pattern(`1-(\\d{3})-([A-Z]{4,9})(?![\\p{L}\\d])`),
    read: ([, code = '', name = '']) => `one, ${areaCode(code)}, ${name.toLowerCase()}`,
  },
  {
    at: ['digit'],
    pattern: pattern(`\\d{3}-\\d{4}${END}`),
    read: ([all]) => phoneWords(all, undefined),
  },
  {
    at: ['digit'],
    pattern: pattern(`\\d{3,15}${END}(?!\\s?%)`),
    read: (match) => {
      const isCalled =
        /\b(?:call|calls|called|calling|dial|dials|dialed|ring|text|phone|tel)[:.]?\s$/i;
      return isCalled.test(before(match)) ? digitByDigit(match[0]) : undefined;
    },
  },
];

/** Reads a number as it is written in groups: "plus one, five five five, …". */
export function phoneWords(written: string, extension: string | undefined): string {
  const number = extension === undefined ? written : written.replace(/,?\s?[a-z].*$/i, '');
  const groups = (number.match(/\d+/g) ?? []).map(areaCode);
  const words = `${number.trimStart().startsWith('+') ? 'plus ' : ''}${groups.join(', ')}`;
  return extension === undefined ? words : `${words}, extension ${digitByDigit(extension)}`;
}

/** 800 is "eight hundred" to everybody. */
function areaCode(digits: string): string {
  return /^[1-9]00$/.test(digits) ? cardinal(digits) : digitByDigit(digits);
}
