import { cardinal, digitByDigit, shortThree, year } from './number-words.js';
import { fractionWords, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { characterNames } from './spelling.js';

const WORD_END = '(?![\\p{L}\\p{N}])';
const QUARTERS = ['first', 'second', 'third', 'fourth'];

/** Names made of letters, digits and signs: B2B, A4, 3D, Q4 2025, C++. */
export const codeRules: readonly Rule[] = [
  {
    at: ['letter'],
    pattern: pattern('([CF])#(?![\\p{L}\\p{N}])'),
    read: ([, letter = '']) => `${letter} sharp`,
  },
  {
    at: ['letter'],
    pattern: pattern('([Cc]|[Gg])\\+\\+'),
    read: ([, letter = '']) => `${letter} plus plus`,
  },
  {
    at: ['letter'],
    pattern: pattern('([A-F])\\+(?![\\p{L}\\p{N}+])'),
    read: ([, letter = '']) => gradeWords(letter, 'plus'),
  },
  {
    at: ['letter'],
    pattern: pattern('([A-F])-(?=$|[\\s.,;!?)])'),
    read: ([, letter = '']) => gradeWords(letter, 'minus'),
  },
  { at: ['letter'], pattern: pattern('AT&T'), read: () => 'A-T and T' },
  {
    at: ['letter'],
    pattern: pattern('([A-Z]{1,4})&([A-Z]{1,3})(?![\\p{L}\\p{N}])'),
    read: ([, left = '', right = '']) => `${left} and ${right}`,
  },
  {
    at: ['letter'],
    pattern: pattern(`A-?(\\d{1,2})${WORD_END}`),
    read: ([, digits = '']) => `A-${cardinal(digits)}`,
  },
  {
    at: ['letter', 'digit'],
    pattern: pattern(
      `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}${WORD_END}|[0-9a-f]{7,64}${WORD_END}`,
      'i',
    ),
    read: ([all]) => (isHash(all) ? all.split('-').map(characterNames).join(', ') : undefined),
  },
  {
    at: ['digit'],
    pattern: pattern(`0x([0-9a-f]{1,32})${WORD_END}`, 'i'),
    read: ([, digits = '']) => `zero x ${characterNames(digits)}`,
  },
  {
    at: ['digit'],
    pattern: pattern(`([1-4])(Q)(?=\\s?(?:'|\\d{2}))`),
    read: ([, digits = '']) => `${QUARTERS[Number(digits) - 1]} quarter`,
  },
  {
    // "Qwen2.5"
    at: ['letter'],
    pattern: pattern('(\\p{Script=Latin}{1,20})(\\d{1,3}\\.\\d{1,3})(?![\\p{L}\\d]|\\.\\d)'),
    read: ([, name = '', number = '']) => `${name} ${quantity(number)}`,
  },
  {
    // A code ends where it ends; each part of digits is read by its length.
    at: ['letter'],
    pattern: pattern(
      '\\p{Script=Latin}{1,20}[0-9]{1,10}(?:[\\p{Script=Latin}0-9]{0,40})(?![\\p{L}\\p{N}])',
    ),
    read: ([all]) => codeWords(all),
  },
  {
    at: ['digit'],
    pattern: pattern(
      '[0-9]{1,10}\\p{Script=Latin}{1,20}(?:[\\p{Script=Latin}0-9]{0,40})(?![\\p{L}\\p{N}])',
    ),
    read: (match) => (isPlainWord(match) ? undefined : codeWords(match[0])),
  },
];

function gradeWords(letter: string, sign: string): string {
  return letter === 'A' ? `A-${sign}` : `${letter} ${sign}`;
}

/** "3rd" and such have their own rule. */
function isPlainWord(match: RegExpExecArray): boolean {
  return /^\d+(?:st|nd|rd|th)$/i.test(match[0]);
}

/** Letters and digits in turn, as neither a word nor a number has them. */
function isHash(code: string): boolean {
  return code.includes('-') || (code.match(/[a-f][0-9]|[0-9][a-f]/gi) ?? []).length >= 3;
}

/** Reads each run of letters and of digits in a code. */
export function codeWords(code: string): string {
  const parts = code.match(/\p{Script=Latin}+|[0-9]+/gu) ?? [];
  return parts
    .map((part, index) => (/^\d/.test(part) ? digitsOf(part) : lettersOf(part, parts[index + 1])))
    .join(' ')
    .replaceAll('A- ', 'A-');
}

/** espeak takes a lone A for the article unless a dash ties it to what follows. */
function lettersOf(letters: string, next: string | undefined): string {
  if (letters === 'IPv') return 'I P V';
  if (!/^a$/i.test(letters)) return letters;
  return next === undefined ? 'eigh' : 'A-';
}

function digitsOf(digits: string): string {
  if (digits.startsWith('0') && digits.length > 1) return digitByDigit(digits);
  if (digits.length <= 2 || /^[1-9]0+$/.test(digits)) return cardinal(digits);
  if (digits.length === 3) return shortThree(digits);
  return digits.length === 4 ? year(digits) : digitByDigit(digits);
}

/** "number one", and "hashtag" before a word. */
export const hashRules: readonly Rule[] = [
  {
    at: ['sign'],
    pattern: pattern('#(?=\\d)'),
    read: (match) => (/\bnumber\s$/i.test(before(match)) ? '' : 'number '),
  },
  {
    at: ['sign'],
    pattern: pattern('#(?=\\p{L})'),
    read: (match) =>
      /(?:^|[\s("“])$/.test(before(match)) && after(match) !== '' ? 'hashtag ' : undefined,
  },
];

/** "the 5th" of Roman and other digits in Unicode, such as ② and Ⅷ. */
export const letterNumberRule: Rule = {
  at: ['sign'],
  pattern: pattern('[\\p{Nl}\\p{No}]'),
  read: ([sign]) => unicodeNumber(sign),
};

function unicodeNumber(sign: string): string | undefined {
  const plain = sign.normalize('NFKC').replace(/[()⁄.]/g, (mark) => (mark === '⁄' ? '/' : ''));
  if (/^\d+$/.test(plain)) return cardinal(plain);
  if (/^\d+\/\d+$/.test(plain)) return fractionWords(plain);
  const value = ROMAN_SIGNS.indexOf(plain.toUpperCase());
  return value > 0 ? cardinal(String(value)) : undefined;
}
const ROMAN_SIGNS = ' I II III IV V VI VII VIII IX X XI XII'.split(' ');
