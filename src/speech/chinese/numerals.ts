/** Said for the digits 0 to 9. */
const DIGITS = '零一二三四五六七八九';
/** Between the digits of a group of four, from its last. */
const PLACES = ['', '十', '百', '千'];
/** More digits than this are said one by one; every whole number below is exact as a float. */
const MAX_CARDINAL_DIGITS = 15;

/** Says digits one by one: 2026 → 二零二六. Anything else is left out. */
export function sayDigits(digits: string): string {
  return digits.replace(/./gsu, (character) => DIGITS[Number.parseInt(character, 10)] ?? '');
}

/** Says digits as in a telephone or room number, where one is 幺, so that nobody hears seven. */
export function sayCode(digits: string): string {
  return sayDigits(digits).replaceAll('一', '幺');
}

/**
 * Says a whole number: 10000 → 一万, 1001 → 一千零一, 200 → 两百. Beyond 15 digits, digit by digit.
 * @param digits ASCII digits; commas between them are allowed.
 */
export function sayCardinal(digits: string): string {
  return sayFormalCardinal(digits).replace(/^二(?=[百千万亿])/u, '两');
}

/** The same with 二 in front of 百 and 千, as ordinals and percentages have it: 200 → 二百. */
export function sayFormalCardinal(digits: string): string {
  const significant = digits.replaceAll(',', '').replace(/^0+(?=\d)/, '');
  if (significant.length > MAX_CARDINAL_DIGITS) return sayDigits(significant);
  const value = Number(significant);
  if (value === 0) return '零';
  return sayWhole(value).replace(/^一十/u, '十');
}

/** Says a number that may have decimals and a minus: -3.14 → 负三点一四. */
export function sayNumber(number: string): string {
  const [, minus, whole = '', decimals] = /^([-−]?)([\d,]*)(?:\.(\d*))?$/u.exec(number) ?? [];
  const sign = minus === undefined || minus === '' ? '' : '负';
  const before = whole === '' ? '零' : sayCardinal(whole);
  return (
    sign +
    (decimals === undefined || decimals === '' ? before : `${before}点${sayDigits(decimals)}`)
  );
}

function sayWhole(value: number): string {
  if (value >= 1e8) return sayParts(value, { size: 1e8, unit: '亿' });
  if (value >= 1e4) return sayParts(value, { size: 1e4, unit: '万' });
  return sayFour(value);
}

function sayParts(value: number, { size, unit }: { size: number; unit: string }): string {
  const high = sayWhole(Math.floor(value / size));
  const low = value % size;
  if (low === 0) return high + unit;
  // An empty place between the two parts is said once.
  return high + unit + (low < size / 10 ? '零' : '') + sayWhole(low);
}

/** Says 1 to 9999; zeros inside are said once, zeros at the end are not. */
function sayFour(value: number): string {
  const digits = [...String(value)].map(Number);
  return digits
    .map((digit, index) => (digit === 0 ? '零' : sayDigits(String(digit)) + place(digits, index)))
    .join('')
    .replace(/零+/gu, '零')
    .replace(/零$/u, '');
}

function place(digits: readonly number[], index: number): string {
  return PLACES[digits.length - 1 - index] ?? '';
}
