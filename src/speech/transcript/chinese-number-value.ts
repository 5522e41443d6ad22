const DIGITS: Readonly<Record<string, number>> = {
  ...{ 零: 0, 〇: 0, 一: 1, 幺: 1, 二: 2, 两: 2, 三: 3 },
  ...{ 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 },
};

const ONE_TO_NINE = '[一二三四五六七八九]';
/** Below 10⁴: thousands, hundreds, tens and ones. Zeros say which places are empty. */
const BELOW_MYRIAD = new RegExp(
  `^零?(?:([两一二三四五六七八九])千)?零?(?:([两一二三四五六七八九])百)?零?` +
    `(?:(${ONE_TO_NINE}?)十)?零?(${ONE_TO_NINE})?$`,
  'u',
);

/** Reads digits that are said one by one: 二零二六 → 2026. */
export function digitByDigit(numerals: string): string {
  return Array.from(numerals, (numeral) => DIGITS[numeral] ?? '').join('');
}

/**
 * Reads a Chinese whole number: 三万五千 → 35000, 一万五 → 15000.
 * @returns undefined if it is none, or more than one: 七八百.
 */
export function chineseValue(numerals: string): number | undefined {
  const [millions, rest] = splitAt(numerals, '亿');
  const high = millions === undefined ? 0 : belowMyriads(millions);
  const low = belowMyriads(rest, { unit: 1e8, isTail: millions !== undefined });
  return high === undefined || low === undefined ? undefined : high * 1e8 + low;
}

interface Tail {
  /** What stands in front of it counts so much each. */
  readonly unit: number;
  readonly isTail: boolean;
}

const WHOLE: Tail = { unit: 1, isTail: false };

/** Below 10⁸. */
function belowMyriads(numerals: string, tail: Tail = WHOLE): number | undefined {
  const [myriads, rest] = splitAt(numerals, '万');
  if (myriads === undefined) return belowMyriad(rest, tail);
  const high = belowMyriad(myriads, WHOLE);
  const low = belowMyriad(rest, { unit: 1e4, isTail: true });
  return !high || low === undefined ? undefined : high * 1e4 + low;
}

/** Below 10⁴. At the end a digit without a place has that after the last one: 一万五. */
function belowMyriad(numerals: string, { unit, isTail }: Tail): number | undefined {
  if (numerals === '') return isTail ? 0 : undefined;
  if (isTail && new RegExp(`^${ONE_TO_NINE}$`, 'u').test(numerals))
    return (DIGITS[numerals] ?? 0) * (unit / 10);
  const read = BELOW_MYRIAD.exec(numerals);
  if (read === null) return numerals === '两' ? 2 : undefined;
  const [, thousands, hundreds, tens, ones] = read;
  const sum =
    digit(thousands) * 1000 + digit(hundreds) * 100 + (tens === '' ? 1 : digit(tens)) * 10;
  const isShort = tens === undefined && sum > 0 && numerals.at(-2) !== '零';
  return sum + digit(ones) * (isShort ? (hundreds === undefined ? 100 : 10) : 1);
}

function digit(numeral: string | undefined): number {
  return numeral === undefined ? 0 : (DIGITS[numeral] ?? 0);
}

function splitAt(numerals: string, mark: string): [string | undefined, string] {
  const at = numerals.indexOf(mark);
  return at < 0 ? [undefined, numerals] : [numerals.slice(0, at), numerals.slice(at + 1)];
}
