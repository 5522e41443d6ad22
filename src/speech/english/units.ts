import { NUMBER, isSingular, quantity } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';
import { unitName, type UnitName } from './unit-names.js';

const SIGN = '(?:°[CF]?|[℃℉]|sq\\.?\\s(?=(?:ft|in|m|mi|km|yd|cm)(?!\\p{L}))|[\\p{L}Ω]{1,5})';
const POWER = '(\\^?[23]|[²³])?';
const POWERS: Readonly<Record<string, string>> = {
  '²': 'square ',
  '2': 'square ',
  '³': 'cubic ',
  '3': 'cubic ',
};
const WORD_END = '(?![\\p{L}\\p{N}])';
/** A unit's stop within a sentence: "5 min. later". */
const STOP = '(?:\\.(?=\\s[\\p{Ll}\\d(]))?';

/** Numbers with units, in words that agree in number. */
export const unitRules: readonly Rule[] = [
  {
    at: ['digit', 'sign'],
    pattern: pattern(
      `(${NUMBER})(\\s|-)?(sq\\.?\\s)?(${SIGN})${POWER}(?:/(${SIGN})${POWER})?${WORD_END}${STOP}`,
    ),
    read: readMeasure,
  },
  {
    // Thousands: 10k. Capitals may name things: 4K, 221B Baker Street.
    at: ['digit'],
    pattern: pattern(`(${NUMBER})(k|[KMB])${WORD_END}`),
    read: readScaled,
  },
];

function readMeasure(match: RegExpExecArray): string | undefined {
  const [, number = '', space, square, sign = '', power, perSign, perPower] = match;
  const unit = unitName(sign, space === undefined);
  const per = perSign === undefined ? undefined : unitName(perSign, true);
  if (unit === undefined || (perSign !== undefined && per === undefined)) return undefined;
  const name = withPower(unit, square === undefined ? power : '²');
  const perWords = per === undefined ? '' : ` per ${perUnit(per, perPower)}`;
  if (space !== '-') return `${counted(match, number, name)}${perWords}`;
  // A lone letter after a dash is a name: `4-V`.
  return sign.length < 2 ? undefined : `${quantity(number)}-${name.one}${perWords}`;
}

/** "meters per second squared", "grams per cubic centimeter". */
function perUnit(unit: UnitName, power: string | undefined): string {
  if (unit.one === 'second' && power !== undefined) return 'second squared';
  return withPower(unit, power).one;
}

function withPower({ one, many }: UnitName, power: string | undefined): UnitName {
  const prefix = POWERS[power?.replace('^', '') ?? ''] ?? '';
  return { one: `${prefix}${one}`, many: `${prefix}${many}` };
}

const NOUN_AFTER =
  /^\s(?:dash|relay|race|run|sprint|walk|swim|freestyle|hurdles|mark|limit|radius|jack|lens|screen|monitor|display|disk|drive|room|house|apartment|wall)\b/;

/** A number with what it counts; "a 5 km run" and "the 100m dash" have their unit in the singular. */
export function counted(match: RegExpExecArray, number: string, { one, many }: UnitName): string {
  const tail = after(match);
  const isAdjective = /\ban?\s$/i.test(before(match)) && /^\s\p{Ll}{3,}/u.test(tail);
  const isOne = isSingular(number) || isAdjective || NOUN_AFTER.test(tail);
  return `${quantity(number)} ${isOne ? one : many}`;
}

function readScaled(match: RegExpExecArray): string | undefined {
  const [, number = '', scale = ''] = match;
  const isName = scale !== 'k' && /^\s\p{Lu}\p{Ll}/u.test(after(match));
  if (isName || /[\p{L}\d]-$/u.test(before(match))) return undefined;
  if (scale === 'K' && /^[248]$/.test(number)) return `${quantity(number)} K`;
  const name = { k: 'thousand', K: 'thousand', M: 'million' }[scale] ?? 'billion';
  return `${quantity(number)} ${name}`;
}
