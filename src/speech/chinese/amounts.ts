import { sayCardinal, sayDigits, sayFormalCardinal, sayNumber } from './numerals.js';
import type { Rule } from './rule.js';
import { anyOf, BEFORE_MEASURE, CURRENCIES, UNITS } from './units.js';

const NUMBER = String.raw`(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?`;
const TO = '[-–—~～至到]';
const LARGE: ReadonlyMap<string, number> = new Map([
  ['K', 3],
  ['k', 3],
  ['M', 6],
  ['B', 9],
]);
const SMALL_SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Says a number in front of what it counts: 2 is 两 before a measure word. */
export function sayCount(number: string, following: string): string {
  return number === '2' && BEFORE_MEASURE.test(following) ? '两' : sayNumber(number);
}

/** Says an amount of money: 5.50 of 元 → 五元五角, $5.99 → 五点九九美元. */
export function sayMoney(number: string, currency: string): string {
  const cents = /^(?<whole>[\d,]+)\.(?<tenth>\d)(?<cent>\d)$/u.exec(number)?.groups;
  if (currency === '元' && cents !== undefined) return sayYuan(cents);
  const shortest = number.replace(/(\.\d*?)0+$/u, '$1').replace(/\.$/u, '');
  return sayCount(shortest, currency) + currency;
}

function sayYuan({
  whole = '',
  tenth = '',
  cent = '',
}: Record<string, string | undefined>): string {
  const yuan = /^0+$/.test(whole) ? '' : sayCount(whole, '元') + '元';
  const jiao = tenth === '0' ? '' : sayCount(tenth, '角') + '角';
  const fen = cent === '0' ? '' : sayCount(cent, '分') + '分';
  const empty = yuan !== '' && jiao === '' && fen !== '' ? '零' : '';
  return yuan + empty + jiao + fen || '零元';
}

/** Says a share: 50 of % → 百分之五十, 100 → 百分之百. */
export function sayShare(number: string, sign: string): string {
  const of = { '%': '百', '‰': '千', '‱': '万' }[sign] ?? '百';
  if (number === '100' && sign === '%') return '百分之百';
  const whole = /^[\d,]+$/u.test(number);
  return `${of}分之${whole ? sayFormalCardinal(number) : sayNumber(number)}`;
}

/** Superscript digits → ASCII ones. */
export function fromSuperscript(text: string): string {
  return text.replace(/./gsu, (sign) => {
    const digit = SMALL_SUPERSCRIPTS.indexOf(sign);
    return digit < 0 ? '-' : String(digit);
  });
}

function scaled(number: string, zeros: number): string {
  const [whole = '', decimals = ''] = number.replaceAll(',', '').split('.');
  if (decimals.length > zeros) return number;
  return (whole + decimals.padEnd(zeros, '0')).replace(/^0+(?=\d)/, '');
}

/** Currency signs in front of numbers, where a letter or a sign begins. */
export const MONEY_RULES: readonly Rule[] = [
  {
    pattern: new RegExp(
      String.raw`(?<![A-Za-z])(?<sign>${anyOf(CURRENCIES.keys())}) ?(?<number>${NUMBER})(?: ?(?<han>[万亿百千]{1,2})(?:美?元)?|(?<large>[KkMB])(?![A-Za-z]))?`,
      'yu',
    ),
    say: ({ sign = '', number = '', large, han }) => {
      const currency = CURRENCIES.get(sign) ?? '';
      if (han !== undefined) return sayCount(number, han) + han + currency;
      return sayMoney(scaled(number, LARGE.get(large ?? '') ?? 0), currency);
    },
  },
];

/** Numbers with what they count or measure, where a digit or a decimal point begins. */
export const AMOUNT_RULES: readonly Rule[] = [
  {
    // 1 1/2
    pattern: /(?<whole>[0-9]{1,4}) (?<over>[0-9]{1,3})[/⁄](?<under>[0-9]{1,4})(?![0-9/⁄.%])/uy,
    say: ({ whole = '', over = '', under = '' }) =>
      Number(over) < Number(under) && Number(over) > 0
        ? `${sayCardinal(whole)}又${sayFraction(over, under)}`
        : undefined,
  },
  {
    pattern:
      /(?<![0-9]\/)(?<over>[0-9]{1,6})[/⁄](?<under>[0-9]{1,6})(?![0-9/⁄.%]| ?(?:mmHg|毫米汞柱))/uy,
    say: ({ over = '', under = '' }) => sayFraction(over, under),
  },
  {
    // 10^6, 10⁻⁶, 5²
    pattern: new RegExp(
      String.raw`(?<base>${NUMBER})(?:\^(?<plain>-?[0-9]{1,4})|(?<raised>⁻?[${SMALL_SUPERSCRIPTS}]{1,4}))`,
      'yu',
    ),
    say: ({ base = '', plain, raised }) =>
      sayPower(sayNumber(base), plain ?? fromSuperscript(raised ?? '')),
  },
  {
    pattern: new RegExp(
      String.raw`(?<number>${NUMBER}) ?(?:(?<sign>[%‰‱])|(?=${TO}${NUMBER} ?(?<last>[%‰‱])))`,
      'yu',
    ),
    say: ({ number = '', sign, last }) => sayShare(number, sign ?? last ?? '%'),
  },
  {
    pattern: new RegExp(
      String.raw`(?<number>${NUMBER}) ?(?<code>USD|CNY|RMB|EUR|GBP|JPY|HKD|TWD|KRW|[$€£¥])(?![A-Za-z0-9])`,
      'yu',
    ),
    say: ({ number = '', code = '' }) => sayMoney(number, CURRENCIES.get(code) ?? ''),
  },
  {
    pattern: new RegExp(
      String.raw`(?<number>${NUMBER}) ?(?<unit>${anyOf(UNITS.keys())})(?![A-Za-z0-9²³])`,
      'yu',
    ),
    say: ({ number = '', unit = '' }) => {
      const name = UNITS.get(unit) ?? '';
      return sayCount(number, name) + name;
    },
  },
  {
    // The number that a unit or a measure word after the range belongs to as well: 2-3个
    pattern: new RegExp(String.raw`(?<number>2)(?=${TO}${NUMBER}(?<after>.{0,4}))`, 'yus'),
    say: ({ number = '', after = '' }) => sayCount(number, after),
  },
  {
    pattern: new RegExp(String.raw`(?<decimal>\.[0-9]+)`, 'yu'),
    say: ({ decimal = '' }) => sayNumber(decimal),
  },
  {
    // 5.50元: nobody says the last zero of a price
    pattern: /(?<number>[0-9,]{1,20}\.[0-9]{0,8}[1-9])0+(?= ?[元块美欧英])/uy,
    say: ({ number = '' }) => sayNumber(number),
  },
  {
    // 1. at the beginning of a line
    pattern: /(?<=(?:^|\n)[ \t]{0,8})(?<item>[0-9]{1,3})(?:\.[ \t]{1,8}|[)）、][ \t]{0,8})/uy,
    say: ({ item = '' }) => `${sayCardinal(item)}、`,
  },
  {
    // 1万2千
    pattern: /(?<=[万千百])2(?=[千百十])/uy,
    say: () => '二',
  },
  {
    // D2, F-16
    pattern: /(?<=[A-Za-z][-·]?)(?<number>[0-9]{1,2})(?![0-9.,])/uy,
    say: ({ number = '' }) => sayCardinal(number),
  },
  {
    pattern: /(?<=第 ?)(?<number>[0-9]+)/uy,
    say: ({ number = '' }) => sayFormalCardinal(number),
  },
  {
    pattern: new RegExp(String.raw`(?<number>${NUMBER})(?=(?<after>.{0,4}))`, 'yus'),
    say: ({ number = '', after = '' }) => sayCount(number, after),
  },
];

function sayFraction(over: string, under: string): string {
  return `${sayCardinal(under)}分之${sayCardinal(over)}`;
}

/** Says a power: 10 and 6 → 十的六次方; squares and cubes have names. */
export function sayPower(base: string, exponent: string): string {
  if (exponent === '2') return `${base}的平方`;
  if (exponent === '3') return `${base}的立方`;
  const [, minus, digits = ''] = /^(-?)(\d*)$/u.exec(exponent) ?? [];
  if (digits === '') return base + sayDigits(exponent);
  return `${base}的${minus === '-' ? '负' : ''}${sayCardinal(digits)}次方`;
}
