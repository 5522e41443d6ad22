import { cardinal, year } from './number-words.js';
import { NUMBER, isSingular, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { unitName, type UnitName } from './unit-names.js';

const SIGN = '(?:°[CF]?|[℃℉]|sq\\.?\\s(?=(?:ft|in|m|mi|km|yd|cm)(?!\\p{L}))|[\\p{L}Ω]{1,5})';
const POWERS: Readonly<Record<string, string>> = {
  '²': 'square ',
  '2': 'square ',
  '³': 'cubic ',
  '3': 'cubic ',
};
const NO_WORD_AFTER = '(?![\\p{L}\\p{N}])';

/** Numbers with units, in words that agree in number; sizes; feet and inches. */
export const unitRules: readonly Rule[] = [
  {
    at: ['digit'],
    pattern: pattern(`(\\d)['′]\\s?(\\d{1,2}(?:\\.5|½)?)(?:["″”]|'')`),
    read: ([, feet = '', inches = '']) => `${quantity(feet)} foot ${quantity(inches)}`,
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})([″"])`),
    read: (match) => {
      const [, number = '', mark] = match;
      // A straight quote closes what an earlier one opened, and is no inch then.
      const opened = match.input.slice(0, match.index).split('"').length % 2 === 0;
      if (mark === '"' && (opened || !/^\s?(?:\p{Ll}|[-x×])/u.test(after(match)))) return undefined;
      return counted(match, number, { one: 'inch', many: 'inches' });
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})['′]`),
    read: (match) => {
      const isQuote =
        match[0].endsWith("'") &&
        (!/^\s\p{Ll}/u.test(after(match)) || /(?:^|\s)'/.test(before(match)));
      return isQuote ? undefined : counted(match, match[1] ?? '', { one: 'foot', many: 'feet' });
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(?:(?:x|X)|\\s[x]\\s|×)(?=\\d)`),
    read: ([, number = '']) => `${sizeWords(number)} by`,
  },
  {
    at: ['digit', 'sign'],
    pattern: pattern(
      `(${NUMBER})(\\s|-)?(sq\\.?\\s)?(${SIGN})(\\^?[23]|[²³])?(?:/(${SIGN})(\\^?[23]|[²³])?)?${NO_WORD_AFTER}`,
    ),
    read: readMeasure,
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})\\s?(x|X)${NO_WORD_AFTER}`),
    read: ([, number = '']) => `${quantity(number)} times`,
  },
  {
    // Times a thousand: 10k. Capitals name sizes: 4K, 5G.
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(k|[KMB])(?![\\p{L}\\p{N}])`),
    read: ([, number = '', scale = '']) => scaled(number, scale),
  },
];

/** 1920×1080 is read in pairs: "nineteen twenty by ten eighty". */
function sizeWords(number: string): string {
  return /^[1-9]\d{3}$/.test(number) && !number.endsWith('00') ? year(number) : quantity(number);
}

function scaled(number: string, scale: string): string {
  if (scale === 'K' && /^[248]$/.test(number)) return `${quantity(number)} K`;
  const name = { k: 'thousand', K: 'thousand', M: 'million' }[scale] ?? 'billion';
  return `${quantity(number)} ${name}`;
}

function readMeasure(match: RegExpExecArray): string | undefined {
  const [, number = '', space, square, sign = '', power, perSign, perPower] = match;
  const unit = unitName(sign, space === undefined);
  if (unit === undefined || isNoUnit(match, sign, space)) return undefined;
  const per = perSign === undefined ? undefined : unitName(perSign, true);
  if (perSign !== undefined && per === undefined) return undefined;
  const name = withPower(unit, square === undefined ? power : '²');
  const perWords = per === undefined ? '' : ` per ${perUnit(per, perPower)}`;
  if (space === '-') return `${quantity(number)}-${name.one}${perWords}`;
  return `${counted(match, number, name)}${perWords}`;
}

/** "meters per second squared", "grams per cubic centimeter". */
function perUnit(unit: UnitName, power: string | undefined): string {
  if (unit.one === 'second' && power !== undefined) return 'second squared';
  return withPower(unit, power).one;
}

/** "5 m" may be said, "5 s" hardly is; a lone letter with a dash is a name (`4-V`). */
function isNoUnit(match: RegExpExecArray, sign: string, space: string | undefined): boolean {
  if (space === '-' && sign.length < 2) return true;
  return sign === 's' && space === undefined && /^\d*[^0]00s|^\d{4,}s/.test(match[0]);
}

function withPower({ one, many }: UnitName, power: string | undefined): UnitName {
  const prefix = POWERS[power?.replace('^', '') ?? ''] ?? '';
  return { one: `${prefix}${one}`, many: `${prefix}${many}` };
}

/** "a 5 km run" has its unit in the singular. */
function counted(match: RegExpExecArray, number: string, { one, many }: UnitName): string {
  const isAdjective = /\ban?\s$/i.test(before(match)) && /^\s\p{Ll}{3,}/u.test(after(match));
  return `${quantity(number)} ${isSingular(number) || isAdjective ? one : many}`;
}

/** The second number of a size, which stands after a cross. */
export const sizeRule: Rule = {
  at: ['digit'],
  pattern: pattern(`([1-9]\\d{3})${NO_WORD_AFTER}`),
  read: (match) => {
    const isSize = /\d(?:x|X|×|\sx\s)$/.test(before(match));
    return isSize
      ? match[1]?.endsWith('00')
        ? cardinal(match[1])
        : year(match[1] ?? '')
      : undefined;
  },
};
