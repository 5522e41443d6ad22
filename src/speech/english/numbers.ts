import {
  cardinal,
  digitByDigit,
  digitGroups,
  ordinal,
  pluralOf,
  shortThree,
  year,
} from './number-words.js';
import { NUMBER, decimal, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { yearOrQuantity } from './years.js';

/** After these three digits are read as a name: "room one oh one". */
const NAMED_BY_NUMBER =
  /(?:\b(?:room|route|flight|highway|interstate|boeing|airbus|apartment|suite|studio|area|bus|section|line)\s|[A-Z]{2,6}-)$/i;
const NO_WORD_AFTER = '(?![\\p{L}\\p{N}])';

/** Numbers by themselves: what no rule about dates, money, units and so on has read. */
export const numberRules: readonly Rule[] = [
  {
    at: ['digit'],
    pattern: pattern(
      `(\\d{1,3}(?:,\\d{3}){1,5}|\\d{1,18})\\s?(?:st|nd|rd|th)${NO_WORD_AFTER}`,
      'i',
    ),
    read: ([, digits = '']) => ordinal(digits.replaceAll(',', '')),
  },
  {
    at: ['digit'],
    pattern: pattern(`[1-9]\\d{2}${NO_WORD_AFTER}(?![.,]\\d)`),
    read: (match) => (NAMED_BY_NUMBER.test(before(match)) ? shortThree(match[0]) : undefined),
  },
  {
    // Card numbers and the like: four groups of four.
    at: ['digit'],
    pattern: pattern('\\d{4}(?:([ -])\\d{4})(?:\\1\\d{4}){1,4}(?![\\d])'),
    read: ([all]) => all.split(/[ -]/).map(digitByDigit).join(', '),
  },
  {
    at: ['digit'],
    pattern: pattern('\\d{1,10}(?:-\\d{1,10}){2,8}(?![\\d])'),
    read: ([all]) => hyphenGroups(all.split('-')),
  },
  {
    at: ['digit'],
    pattern: pattern('\\d{1,3}(?:\\.\\d{3}){2,5}(?![.\\d])'),
    read: ([all]) => cardinal(all.replaceAll('.', '')),
  },
  {
    at: ['digit'],
    pattern: pattern(`\\d{4}(?![\\p{L}\\p{N}]|[.,]\\d)`),
    read: yearOrQuantity,
  },
  {
    at: ['digit', 'sign'],
    pattern: pattern(`${NUMBER}${NO_WORD_AFTER}`),
    read: readNumber,
  },
];

/** Decades and the like; seconds look the same, so these are tried before units. */
export const decadeRules: readonly Rule[] = [
  {
    // Decades: 1990s, 1950's; 80s after "the" or "his" only, as it may be seconds.
    at: ['digit'],
    pattern: pattern(`([1-9]\\d{0,2}0|0?0)['’]?s${NO_WORD_AFTER}`),
    read: decade,
  },
  {
    at: ['digit'],
    pattern: pattern(`1['’]?s${NO_WORD_AFTER}`),
    read: (match) => (/\b0['’]?s\b/.test(before(match) + after(match)) ? 'ones' : undefined),
  },
  {
    at: ['digit'],
    pattern: pattern(`(1(?:,000){1,4}|10{2,3})s${NO_WORD_AFTER}`),
    read: ([, digits = '']) => pluralOf(cardinal(digits.replaceAll(',', '')).replace('one ', '')),
  },
  {
    at: ['sign'],
    pattern: pattern(`'([1-9]0)s${NO_WORD_AFTER}`),
    read: ([, digits = '']) => pluralOf(cardinal(digits)),
  },
  {
    at: ['sign'],
    pattern: pattern(`'(\\d{2})${NO_WORD_AFTER}(?!')`),
    read: (match) =>
      /(?:^|[\s(]|[QH][1-4]\s?)$/.test(before(match)) ? shortYear(match[1] ?? '') : undefined,
  },
];

/** A lone full stop before digits is a decimal point at a word's start only. */
function readNumber(match: RegExpExecArray): string | undefined {
  const [all] = match;
  if (all.startsWith('.') && /\S$/.test(before(match)) && !/[([<>=+-]$/.test(before(match))) {
    return undefined;
  }
  return /^\d{16,}$/.test(all) ? digitGroups(all) : quantity(all);
}

function decade(match: RegExpExecArray): string | undefined {
  const digits = match[1] ?? '';
  if (digits === '10' && /^\sof\b/.test(after(match))) return 'tens';
  if (digits.length === 4) return pluralOf(year(digits));
  if (digits === '0') return 'zeros';
  if (!/^[2-9]0$/.test(digits)) return undefined;
  const lasts =
    /\b(?:takes?|took|for|after|within|every|lasts?|lasted|than|about|in|of|waits?|waited)\s$/i;
  if (digits > '40' && !lasts.test(before(match))) return pluralOf(cardinal(digits));
  const isDecade = /\b(?:the|his|her|their|my|your|our|early|mid|late|and|or|to)[\s-]$/i;
  return isDecade.test(before(match)) ? pluralOf(cardinal(digits)) : undefined;
}

function shortYear(digits: string): string {
  return digits.startsWith('0') ? `oh ${cardinal(digits)}` : cardinal(digits);
}

/** Short groups count (3-2-1), long ones are a code. */
function hyphenGroups(groups: readonly string[]): string {
  const isShort = groups.every((group) => /^(?:[1-9]\d?|0)$/.test(group));
  return groups.map(isShort ? cardinal : digitByDigit).join(', ');
}

/** Powers of ten as programs write them. */
export const scienceRule: Rule = {
  // 6.02e23
  at: ['digit'],
  pattern: pattern(`(\\d{1,6}(?:\\.\\d{1,12})?)[eE]([+-]?)(\\d{1,3})${NO_WORD_AFTER}`),
  read: ([, number = '', sign, power = '']) =>
    `${quantity(number)} times ten to the ${sign === '-' ? 'minus ' : ''}${ordinal(power)}`,
};

/** Decimals before letters that are no unit. */
export const decimalBeforeLetters: Rule = {
  at: ['digit'],
  pattern: pattern('\\d{1,20}\\.\\d{1,20}(?=\\p{L})'),
  read: ([number]) => quantity(number),
};

/** Digits that no other rule reads, so that none are left: mixed with letters, or too many. */
export const lastDigits: Rule = {
  at: ['digit'],
  pattern: pattern('[0-9]+'),
  read: (match) => {
    const [digits] = match;
    if (/^\p{L}/u.test(after(match)) && digits.length < 3 && !digits.startsWith('0')) {
      return cardinal(digits);
    }
    return digits.length > 15 ? digitGroups(digits) : decimal(digits);
  },
};
