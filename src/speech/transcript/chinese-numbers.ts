import { chineseValue, digitByDigit } from './chinese-number-value.js';

const ONES = '一二三四五六七八九';
const NUMERAL = `[零〇两${ONES}十百千万亿]`;
/** From 1 to 99, as in dates and times of day. */
const TENS = `[${ONES}]?十[${ONES}]?`;
const SMALL = `(?:${TENS}|[零两${ONES}])`;
const DECIMAL = `${NUMERAL}+点[零〇${ONES}]+`;

/** Sayings whose numerals count nothing. */
const SAYINGS =
  '二百五|三十而立|四十不惑|五十步笑百步|七十二变|三十六计|三百六十行|一五一十|九九八十一|' +
  '十万八千里|一千零一夜|双十一|十一(?=假|长假|国庆|黄金)';
const HOURS = '早上|上午|中午|下午|晚上|凌晨|今晚|明早|明晚';

/** What is looked for, in order of preference. */
const PIECE = new RegExp(
  [
    `(?<saying>${SAYINGS})`,
    `百分之(?<percent>${DECIMAL}|${NUMERAL}+)`,
    `(?<year>[零〇${ONES}]{4})(?=年)`,
    `(?<month>${SMALL})月(?<day>${SMALL})(?=[日号])`,
    `(?<hour>${SMALL})点(?<minute>${TENS}|零[${ONES}]|[${ONES}](?=分(?!之)))(?!${NUMERAL})`,
    `(?<!${HOURS})(?<decimal>${DECIMAL})(?!${NUMERAL}|[点分刻钟半])`,
    `(?<digits>[零〇幺${ONES}]{3,})(?!${NUMERAL})`,
    `(?<![几数好上])(?<whole>${NUMERAL}{2,})(?!分之|几)`,
    `${NUMERAL}+`,
  ].join('|'),
  'gu',
);

/** Pure digits are a number if they have a zero or are many: 一二三 may be counting. */
const MIN_DIGITS = 7;

/**
 * Writes Chinese numerals in digits where they are a number: 三百二十五 → 325, 百分之二十 → 20%,
 * 二零二六年 → 2026年, 一百万 → 100万. A digit alone (一个, 统一) stays, and so do sayings and guesses
 * (七八百, 十几).
 */
export function digitsForChinese(text: string): string {
  return text.replace(PIECE, (...found: unknown[]) => {
    const piece = String(found[0]);
    return written(found.at(-1) as Readonly<Record<string, string | undefined>>) ?? piece;
  });
}

function written(is: Readonly<Record<string, string | undefined>>): string | undefined {
  if (is['percent'] !== undefined) return percentOf(is['percent']);
  if (is['year'] !== undefined) return digitByDigit(is['year']);
  if (is['day'] !== undefined) return joined(is['month'], '月', is['day']);
  if (is['hour'] !== undefined) return joined(is['hour'], '点', is['minute']);
  if (is['decimal'] !== undefined) return decimalOf(is['decimal']);
  if (is['digits'] !== undefined)
    return areNumber(is['digits']) ? digitByDigit(is['digits']) : undefined;
  return is['whole'] === undefined ? undefined : wholeOf(is['whole']);
}

function percentOf(numerals: string): string | undefined {
  const number = numerals === '百' ? 100 : (decimalOf(numerals) ?? chineseValue(numerals));
  return number === undefined ? undefined : `${number}%`;
}

function joined(left = '', mark: string, right = ''): string | undefined {
  const [high, low] = [chineseValue(left), chineseValue(right)];
  if (high === undefined || low === undefined) return undefined;
  const isTime = mark === '点';
  return high + mark + (isTime && right.startsWith('零') ? `0${low}` : low);
}

function decimalOf(numerals: string): string | undefined {
  const [whole = '', decimals] = numerals.split('点');
  const value = chineseValue(whole);
  return value === undefined || decimals === undefined
    ? undefined
    : `${value}.${digitByDigit(decimals)}`;
}

function areNumber(digits: string): boolean {
  return /[零〇幺]/u.test(digits) || digits.length >= MIN_DIGITS;
}

/** A number with places; one that is round keeps its last: 100万. */
function wholeOf(numerals: string): string | undefined {
  if (!/[十百千万亿]/u.test(numerals) || /^[百千万亿]/u.test(numerals)) return undefined;
  const [, head = '', scale = ''] = /^([^万亿]+)([万亿])$/u.exec(numerals) ?? [];
  const value = chineseValue(scale === '' ? numerals : head);
  return value === undefined ? undefined : `${value}${scale}`;
}
