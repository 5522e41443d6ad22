import { sayCardinal } from './numerals.js';
import { romanValue } from '../roman.js';
import type { Rule } from './rule.js';
import { anyOf, UNITS } from './units.js';

const sayRoman = ({ numeral = '' }: Readonly<Record<string, string | undefined>>) => {
  const value = romanValue(numeral);
  return value === undefined ? undefined : sayCardinal(String(value));
};

/** What is written with Latin letters and said in Chinese, where a letter begins. */
export const LATIN_RULES: readonly Rule[] = [
  { pattern: /(?<=第 ?)(?<numeral>[IVXLC]{1,8})(?![A-Za-z0-9])/uy, say: sayRoman },
  {
    pattern: /(?<![A-Za-z0-9])(?<numeral>I{1,3}|IV|VI{1,3}|IX)(?=[型期级类世])/uy,
    say: sayRoman,
  },
  {
    pattern: /(?<=\p{Script=Han})(?<numeral>X?(?:II|III|IV|VI{1,3}|IX)|XI{0,1}|XV)(?=世)/uy,
    say: sayRoman,
  },
  { pattern: /(?<=[0-9)] ?)[xX](?= ?[0-9])/uy, say: () => '乘' },
  {
    // 5万km
    pattern: new RegExp(
      String.raw`(?<=[0-9⁰¹²³⁴-⁹][百千万亿]?)(?<unit>${anyOf(UNITS.keys())})(?![A-Za-z0-9])`,
      'yu',
    ),
    say: ({ unit = '' }) => UNITS.get(unit),
  },
  { pattern: /N[oO]\. ?(?=[0-9])/uy, say: () => '第' },
];
