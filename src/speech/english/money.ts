import { NUMBER, isSingular, quantity, rangeWords } from './quantities.js';
import { after, before, pattern, type Rule } from './rule.js';

interface Currency {
  readonly one: string;
  readonly many: string;
  /** Hundredths, singular and plural; undefined if there are none in use. */
  readonly cents?: readonly [one: string, many: string];
}

function currency(one: string, many = `${one}s`, cents?: readonly [string, string]): Currency {
  return cents === undefined ? { one, many } : { one, many, cents };
}

const CENTS = ['cent', 'cents'] as const;
const dollar = (kind = '') => currency(`${kind}dollar`, undefined, CENTS);
const POUND = currency('pound', undefined, ['penny', 'pence']);
const EURO = currency('euro', undefined, CENTS);
const YEN = currency('yen', 'yen');
const YUAN = currency('yuan', 'yuan');
const RUPEE = currency('rupee', undefined, ['paisa', 'paise']);
const RUBLE = currency('ruble', undefined, ['kopeck', 'kopecks']);
const WON = currency('won', 'won');

const SYMBOLS: Readonly<Record<string, Currency>> = {
  $: dollar(),
  US$: dollar('US '),
  C$: dollar('Canadian '),
  CA$: dollar('Canadian '),
  A$: dollar('Australian '),
  AU$: dollar('Australian '),
  NZ$: dollar('New Zealand '),
  HK$: dollar('Hong Kong '),
  S$: dollar('Singapore '),
  R$: currency('real', 'reais', ['centavo', 'centavos']),
  '£': POUND,
  '€': EURO,
  '¥': YEN,
  '￥': YEN,
  '₹': RUPEE,
  '₽': RUBLE,
  '₩': WON,
  '₿': currency('bitcoin'),
  '₺': currency('lira'),
  '₴': currency('hryvnia'),
  '₫': currency('dong', 'dong'),
  '฿': currency('baht', 'baht'),
  '₱': currency('peso', undefined, ['centavo', 'centavos']),
  '₪': currency('shekel'),
};

const CODES: Readonly<Record<string, Currency>> = {
  USD: dollar('US '),
  CAD: dollar('Canadian '),
  AUD: dollar('Australian '),
  NZD: dollar('New Zealand '),
  HKD: dollar('Hong Kong '),
  SGD: dollar('Singapore '),
  EUR: EURO,
  GBP: POUND,
  JPY: YEN,
  CNY: YUAN,
  RMB: YUAN,
  INR: RUPEE,
  RUB: RUBLE,
  KRW: WON,
  CHF: currency('Swiss franc', undefined, ['centime', 'centimes']),
  SEK: currency('Swedish krona', 'Swedish kronor'),
  NOK: currency('Norwegian krone', 'Norwegian kroner'),
  DKK: currency('Danish krone', 'Danish kroner'),
  PLN: currency('zloty', 'zlotys'),
  BRL: currency('real', 'reais'),
  MXN: currency('Mexican peso'),
  BTC: currency('bitcoin'),
  ETH: currency('ether', 'ether'),
};
const ALL: Readonly<Record<string, Currency>> = { ...SYMBOLS, ...CODES };

const SCALES: Readonly<Record<string, string>> = {
  k: 'thousand',
  m: 'million',
  mn: 'million',
  mm: 'million',
  b: 'billion',
  bn: 'billion',
  t: 'trillion',
  tn: 'trillion',
};
const SYMBOL = '(?:(?:US|CA|AU|NZ|HK|[CASR])?\\$|[£€¥￥₹₽₩₿₺₴₫฿₱₪])';
const CODE = `(?:${Object.keys(CODES).join('|')})`;
const SCALE =
  '(?:\\s?(thousand|million|billion|trillion)(?!\\p{L})|\\s?(k|K|M|mn|MM|bn|B|tn|T)(?![\\p{L}\\p{N}])|(m|b|t)(?![\\p{L}\\p{N}]))?';
/** Cents may stand after a comma, as in much of Europe. */
const AMOUNT = `(?:\\d{1,3}(?:\\.\\d{3}){1,4},\\d{2}(?!\\d)|\\d{1,6},\\d{2}(?![\\d,])|${NUMBER})`;
const NO_WORD_AFTER = '(?![\\p{L}\\p{N}])';

/** Amounts of money, with the currency before or after. */
export const moneyRules: readonly Rule[] = [
  {
    at: ['sign', 'letter'],
    pattern: pattern(
      `(${SYMBOL}|${CODE}\\s?)\\s?(-?)(${AMOUNT})(?:\\s?[-–—]\\s?${SYMBOL}?(${NUMBER}))?${SCALE}(?!\\d)`,
    ),
    read: (match) => {
      const [, sign = '', minus, from = '', to, ...scales] = match;
      const words = amount(match, { sign: sign.trim(), from, to, scale: scaleOf(scales) });
      return minus === '' ? words : `minus ${words}`;
    },
  },
  {
    at: ['digit'],
    pattern: pattern(
      `(${AMOUNT})(?:\\s?[-–—]\\s?(${NUMBER}))?${SCALE}\\s?(${SYMBOL}(?!\\s?\\d)|${CODE}${NO_WORD_AFTER})`,
    ),
    read: (match) => {
      const [, from = '', to, ...rest] = match;
      return amount(match, { sign: rest.at(-1) ?? '', from, to, scale: scaleOf(rest.slice(0, 3)) });
    },
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})\\s?([¢￠])`),
    read: ([, number = '']) => `${quantity(number)} ${isSingular(number) ? 'cent' : 'cents'}`,
  },
  {
    at: ['digit'],
    pattern: pattern(`(${NUMBER})p${NO_WORD_AFTER}(?!\\.)`),
    read: ([, number = '']) => (/^\d{1,2}$/.test(number) ? `${quantity(number)} pence` : undefined),
  },
  {
    at: ['sign'],
    pattern: pattern('[£€¥￥₹₽₩₿₺₴₫฿₱₪]'),
    read: ([sign]) => ALL[sign]?.one,
  },
];

interface Amount {
  readonly sign: string;
  readonly from: string;
  readonly to: string | undefined;
  /** "million" and so on; undefined if the number stands for itself. */
  readonly scale: string | undefined;
}

function scaleOf(scales: readonly (string | undefined)[]): string | undefined {
  const written = scales.find((scale) => scale !== undefined);
  return written === undefined ? undefined : (SCALES[written.toLowerCase()] ?? written);
}

function amount(match: RegExpExecArray, { sign, from, to, scale }: Amount): string | undefined {
  const unit = ALL[sign];
  if (unit === undefined) return undefined;
  const isRate = sign in CODES && from.startsWith('0');
  const isPlain = to === undefined && scale === undefined && !isRate;
  const exact = isPlain ? withCents(from, unit) : undefined;
  if (exact !== undefined) return exact;
  const number = rangeWords(withoutZeroCents(from), to === undefined ? to : withoutZeroCents(to));
  const isOne = to === undefined && scale === undefined && isSingular(withoutZeroCents(from));
  const name = isOne || isAdjective(match) ? unit.one : unit.many;
  return [number, scale, name].filter((word) => word !== undefined).join(' ');
}

/** "a $5 bill" has five dollars in the singular. */
function isAdjective(match: RegExpExecArray): boolean {
  const isNoun =
    /^\s\p{Ll}{3,}/u.test(after(match)) &&
    !/^\s(?:per|for|from|and|each|more|less|off)\b/.test(after(match));
  return /^-\p{L}/u.test(after(match)) || (/\ban?\s$/i.test(before(match)) && isNoun);
}

function withoutZeroCents(number: string): string {
  return number.replace(/\.00$/, '');
}

function withCents(written: string, { one, many, cents }: Currency): string | undefined {
  const parts = /^(.*)\.(\d{2})$/.exec(plainAmount(written));
  if (parts === null || cents === undefined || parts[2] === '00') return undefined;
  const [, whole = '', hundredths = ''] = parts;
  const count = String(Number(hundredths));
  const small = `${quantity(count)} ${count === '1' ? cents[0] : cents[1]}`;
  if (/^0*$/.test(whole)) return small;
  return `${quantity(whole)} ${whole === '1' ? one : many} and ${small}`;
}

/** `1.234,56` as `1234.56`. */
function plainAmount(written: string): string {
  const [, whole, cents] = /^([\d.]+),(\d{2})$/.exec(written) ?? [];
  return whole === undefined ? written : `${whole.replaceAll('.', '')}.${cents}`;
}
