import { cardinal, digitByDigit, digitGroups, ordinal, pluralOf, year } from './number-words.js';
import { NUMBER, decimal, fractionWords, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { yearOrQuantity } from './years.js';

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
    pattern: pattern('24\\/7(?![\\d\\/])'),
    read: () => 'twenty-four seven',
  },
  {
    at: ['digit'],
    pattern: pattern('(9\\/11|7\\/11|50\\/50|20\\/20|60\\/40|80\\/20|70\\/30)(?![\\d\\/])'),
    read: ([both = '']) => both.split('/').map(cardinal).join(' '),
  },
  {
    at: ['digit'],
    pattern: pattern('(\\d{1,6})\\/(\\d{1,6})(?![\\d\\/])(?!\\.\\d)'),
    read: ([, top = '', bottom = '']) => overOrFraction(top, bottom),
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
    read: (match) => (/(?:^|[\s(])$/.test(before(match)) ? shortYear(match[1] ?? '') : undefined),
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
  if (digits.length === 4) return pluralOf(year(digits));
  if (!/^[2-9]0$/.test(digits)) return undefined;
  const isDecade = /\b(?:the|his|her|their|my|your|our|early|mid|late|and|or|to)[\s-]$/i;
  return isDecade.test(before(match)) ? pluralOf(cardinal(digits)) : undefined;
}

function shortYear(digits: string): string {
  return digits.startsWith('0') ? `oh ${cardinal(digits)}` : cardinal(digits);
}

function overOrFraction(top: string, bottom: string): string {
  const isCommon = /^(?:[2-9]|1[0126]|20|32|64|100)$/.test(bottom);
  if (isCommon && Number(top) > 0 && Number(top) < Number(bottom)) {
    return fractionWords(`${top}/${bottom}`);
  }
  if (top === bottom) return `${decimal(top)} out of ${decimal(bottom)}`;
  return `${decimal(top)} over ${decimal(bottom)}`;
}

/** Short groups count (3-2-1), long ones are a code. */
function hyphenGroups(groups: readonly string[]): string {
  const isShort = groups.every((group) => /^(?:[1-9]\d?|0)$/.test(group));
  return groups.map(isShort ? cardinal : digitByDigit).join(', ');
}

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
