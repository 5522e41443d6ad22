import { cardinal, digitByDigit, digitGroups, ordinalOf } from './number-words.js';

/** Spaces that group digits; an ordinary space parts numbers. */
const GROUP_SPACE = '\\u00A0\\u202F\\u2009';
const VULGAR = '[¼-¾⅐-⅞]';
/**
 * A number as a part of a pattern: grouped or not, with decimals, with a fraction after it. Every
 * repetition is bounded, so that hostile input costs a fixed number of steps per place.
 */
export const NUMBER = `(?:(?:(?:\\d{1,3}(?:[,${GROUP_SPACE}]\\d{3}){1,12}|\\d{1,3}(?:,\\d{2}){1,4},\\d{3}|\\d{1,40})(?![\\d])(?:\\.\\d{1,20}(?!\\d))?|\\.\\d{1,20}(?!\\d))(?:\\s?${VULGAR}|\\s[1-9]\\/(?:[2-9]|1[0126]|32|64)(?![\\d\\/]))?|${VULGAR})`;

const FRACTIONS: Readonly<Record<string, string>> = {
  '¼': '1/4',
  '½': '1/2',
  '¾': '3/4',
  '⅐': '1/7',
  '⅑': '1/9',
  '⅒': '1/10',
  '⅓': '1/3',
  '⅔': '2/3',
  '⅕': '1/5',
  '⅖': '2/5',
  '⅗': '3/5',
  '⅘': '4/5',
  '⅙': '1/6',
  '⅚': '5/6',
  '⅛': '1/8',
  '⅜': '3/8',
  '⅝': '5/8',
  '⅞': '7/8',
};

/** Reads what {@link NUMBER} matched: `1,234.5` → "one thousand two hundred thirty-four point five". */
export function quantity(written: string): string {
  const parts = /^(\S*?)\s?(?:([¼-¾⅐-⅞])|(?<=\s)(\d+\/\d+))?$/u.exec(written);
  const fraction = parts?.[3] ?? FRACTIONS[parts?.[2] ?? ''];
  const plain = (fraction === undefined ? written : (parts?.[1] ?? '')).replace(/[^\d.]/g, '');
  if (fraction === undefined) return decimal(plain);
  return plain === '' ? fractionWords(fraction) : mixed(decimal(plain), fraction);
}

function mixed(whole: string, fraction: string): string {
  return `${whole} and ${fractionWords(fraction).replace(/^one (?=half)/, 'a ')}`;
}

/** `3.14` → "three point one four"; a leading zero makes a code of digits. */
export function decimal(plain: string): string {
  const [whole = '', decimals] = plain.split('.');
  if (decimals === undefined) return integer(whole);
  return `${integer(whole || '0')} point ${digitByDigit(decimals)}`;
}

function integer(digits: string): string {
  if (!/^0\d/.test(digits)) return cardinal(digits);
  return digits.length > 4 ? digitGroups(digits) : digitByDigit(digits);
}

/** `3/4` → "three quarters"; anything but a proper fraction is "over". */
export function fractionWords(fraction: string): string {
  const [top = '', bottom = ''] = fraction.split('/');
  const isOne = Number(top) === 1;
  return `${cardinal(top)} ${partName(bottom, isOne)}`;
}

function partName(bottom: string, isOne: boolean): string {
  if (bottom === '2') return isOne ? 'half' : 'halves';
  if (bottom === '4') return isOne ? 'quarter' : 'quarters';
  return `${ordinalOf(cardinal(bottom))}${isOne ? '' : 's'}`;
}

/** Whether a noun after the number is in the singular. */
export function isSingular(written: string): boolean {
  return /^(?:1|\s?[¼½¾⅐-⅞])$/u.test(written);
}

/** One number or two with a dash between: the second is undefined if there is one. */
export function rangeWords(from: string, to: string | undefined): string {
  return to === undefined ? quantity(from) : `${quantity(from)} to ${quantity(to)}`;
}
