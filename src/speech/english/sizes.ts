import { year } from './number-words.js';
import { NUMBER, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { counted } from './units.js';

const WORD_END = '(?![\\p{L}\\p{N}])';
const INCHES = { one: 'inch', many: 'inches' };
const FEET = { one: 'foot', many: 'feet' };

/** Feet and inches, and sizes with a cross. */
export const sizeRules: readonly Rule[] = [
  {
    at: ['digit'],
    pattern: pattern(`(\\d{1,2})['′]\\s?(\\d{1,2}(?:\\.5|½)?)(?:["″”]|'')`),
    read: ([, feet = '', inches = '']) => `${quantity(feet)} foot ${quantity(inches)}`,
  },
  {
    at: ['digit'],
    pattern: pattern('(\\d{1,2})\\s?(?:ft|feet)\\.?\\s(\\d{1,2})\\s?(?:in|inch|inches)(?!\\p{L})'),
    read: ([, feet = '', inches = '']) => `${quantity(feet)} feet ${quantity(inches)} inches`,
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(["″])`),
    read: (match) => {
      const isQuote =
        match[2] === '"' && (isOpen(match, /"/g) || !/^\s?(?:\p{Ll}|[-x×])/u.test(after(match)));
      return isQuote ? undefined : counted(match, match[1] ?? '', INCHES);
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(['′])`),
    read: (match) => {
      const isQuote =
        match[2] === "'" && (isOpen(match, /(?:^|\s)'/g) || !/^\s\p{Ll}/u.test(after(match)));
      return isQuote ? undefined : counted(match, match[1] ?? '', FEET);
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`(?!0[xX])(${NUMBER})(?:[xX×]|\\sx\\s)(?=\\d)`),
    read: (match) => {
      const isProduct = /^[\d.,]+\s?=/.test(after(match));
      return `${sizeWords(match[1] ?? '')} ${isProduct ? 'times' : 'by'}`;
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`([1-9]\\d{3})${WORD_END}`),
    read: (match) => (/\d(?:[xX×]|\sx\s)$/.test(before(match)) ? sizeWords(match[0]) : undefined),
  },
  {
    // "5x faster", but "2x + 3" counts a letter.
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(?:\\s?x|(?<=^|[^\\d]\\d{1,3})X)${WORD_END}(?!\\s?[-+=*/^])`),
    read: ([, number = '']) => `${quantity(number)} times`,
  },
];

/** Whether a quotation is open before a match: its mark closes that one then. */
function isOpen(match: RegExpExecArray, mark: RegExp): boolean {
  const head = match.input.slice(Math.max(0, match.index - 300), match.index);
  return [...head.matchAll(mark)].length % 2 === 1;
}

/** 1920×1080 is read in pairs: "nineteen twenty by ten eighty". */
function sizeWords(number: string): string {
  return /^[1-9]\d{3}$/.test(number) && !number.endsWith('00') ? year(number) : quantity(number);
}
