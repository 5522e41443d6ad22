import { cardinal, shortThree } from './number-words.js';
import { NUMBER, fractionWords, quantity } from './quantities.js';
import { after, before, isWord, pattern, type Rule } from './rule.js';
import { unitName } from './unit-names.js';

const END = '(?![\\d\\/]|\\.\\d)';
/** Denominators of which people speak as parts. */
const COMMON = /^(?:[2-9]|1[0126]|20|32|64)$/;
/** Marks are given out of five, of ten or of a hundred. */
const RATING =
  /\b(?:rat(?:e|es|ed|ing)|scor(?:e|es|ed|ing)|gives?|gave|got|solid|grades?d?|about|a)\s(?:[\p{L}']{1,10}\s){0,2}$/iu;

/** After a slash these say how much of something there is for each; units do as well. */
const PER: Readonly<Record<string, string>> = {
  month: 'month',
  mo: 'month',
  year: 'year',
  day: 'day',
  week: 'week',
  wk: 'week',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
  night: 'night',
  person: 'person',
  user: 'user',
};

/** Numbers with slashes between: fractions, marks, and the ones that everybody knows. */
export const slashRules: readonly Rule[] = [
  { at: ['digit'], pattern: pattern(`24\\/7${END}`), read: () => 'twenty-four seven' },
  {
    at: ['digit'],
    pattern: pattern(`24\\/7\\/365${END}`),
    read: () => 'twenty-four seven, three sixty-five',
  },
  {
    at: ['digit'],
    pattern: pattern(`(?:9\\/11|7\\/11|50[-/]50|20\\/20|60\\/40|80\\/20|70\\/30|90\\/10)${END}`),
    read: ([both]) => both.split(/[-/]/).map(cardinal).join(' '),
  },
  {
    at: ['digit'],
    pattern: pattern(`\\d{1,6}(?:\\/\\d{1,6}){2,6}${END}`),
    read: ([all]) => all.split('/').map(shortThree).join(' slash '),
  },
  {
    at: ['digit'],
    pattern: pattern('(\\d{1,6})\\/(\\d{1,6})(?:st|nd|rd|th)s?(?![\\p{L}\\d])'),
    read: ([, top = '', bottom = '']) => fractionWords(`${top}/${bottom}`),
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})\\/(${NUMBER})${END}`),
    read: readTwo,
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})\\s\\/\\s(?=\\d)`),
    read: ([, number = '']) => `${quantity(number)} divided by`,
  },
  {
    at: ['sign'],
    pattern: pattern('\\/(\\p{L}{1,6})(?![\\p{L}\\p{N}])'),
    read: perWords,
  },
  { at: ['sign'], pattern: pattern('\\/'), read: readSlash },
];

/** "five dollars per month" after a price or another amount. */
function perWords(match: RegExpExecArray): string | undefined {
  const name = PER[match[1] ?? ''] ?? unitName(match[1] ?? '', true)?.one;
  const isAmount = /[\d¢$€£]\p{L}{0,10}$/u.test(before(match)) || match[1]?.length !== 1;
  return name !== undefined && isAmount && isWord(before(match).at(-1)) ? `per ${name}` : undefined;
}

function readTwo(match: RegExpExecArray): string {
  const [, top = '', bottom = ''] = match;
  const isMark = /^(?:5|10|20)$/.test(bottom) && isRating(match);
  if (isMark || isOutOf(top, bottom)) {
    return `${quantity(top)} out of ${quantity(bottom)}`;
  }
  const isProper = /^\d+$/.test(top) && Number(top) > 0 && Number(top) < Number(bottom);
  if (isProper && COMMON.test(bottom)) return fractionWords(`${top}/${bottom}`);
  return `${quantity(top)} over ${quantity(bottom)}`;
}

function isRating(match: RegExpExecArray): boolean {
  return RATING.test(before(match)) || /^\sstars?\b/.test(after(match));
}

/** 95/100, 9.5/10 and 10/10 are no fractions that one would name. */
function isOutOf(top: string, bottom: string): boolean {
  return top === bottom || bottom === '100' || bottom === '1000' || top.includes('.');
}

/** "and/or" is "and or", "km/h" has its own rule, TCP/IP takes a breath, a path says its slashes. */
function readSlash(match: RegExpExecArray): string {
  const head = before(match);
  const tail = after(match);
  if (/\band$/i.test(head) && /^or\b/i.test(tail)) return ' ';
  if (
    /\b(?:he|his|him|himself|yes|true|on|s)$/i.test(head) &&
    /^(?:she|her|hers|herself|no|false|off|he)\b/i.test(tail)
  )
    return 'or';
  if (/\s$/.test(head) && /^\s/.test(tail)) return ',';
  return /[A-Z]$/.test(head) && /^[A-Z]/.test(tail) ? ' ' : 'slash';
}
