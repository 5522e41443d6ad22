/** English number words, American style: no "and" after the hundreds. All work on strings of digits. */

const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen ' +
  'sixteen seventeen eighteen nineteen'
).split(' ');
const TENS = '  twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES = ['', 'thousand', 'million', 'billion', 'trillion', 'quadrillion'];
/** More digits than the largest scale names are read one by one. */
export const MAX_CARDINAL_DIGITS = SCALES.length * 3;
const ODD_ORDINALS: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

/** `1234` → "one thousand two hundred thirty-four"; too long a number is read digit by digit. */
export function cardinal(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, '');
  if (significant.length > MAX_CARDINAL_DIGITS) return digitGroups(significant);
  const groups = threes(significant);
  const words = groups.map((group, index) => {
    const scale = SCALES[groups.length - 1 - index] ?? '';
    return group === 0 ? '' : `${hundreds(group)} ${scale}`.trim();
  });
  return words.filter((word) => word !== '').join(' ') || 'zero';
}

/** `21` → "twenty-first". */
export function ordinal(digits: string): string {
  return ordinalOf(cardinal(digits));
}

/** Makes the last word of a cardinal an ordinal: "twenty-one" → "twenty-first". */
export function ordinalOf(words: string): string {
  return words.replace(/[a-z]+$/, (word) => ODD_ORDINALS[word] ?? `${word.replace(/y$/, 'ie')}th`);
}

/** Makes the last word of a cardinal a plural: "nineteen ninety" → "nineteen nineties". */
export function pluralOf(words: string): string {
  const ending = words.endsWith('x') ? 'es' : 's';
  return `${words.replace(/y$/, 'ie')}${ending}`;
}

/** `007` → "zero zero seven". */
export function digitByDigit(digits: string): string {
  return [...digits].map((digit) => SMALL[Number(digit)] ?? '').join(' ');
}

/** Digit by digit with a pause after every third, as one reads out a long number. */
export function digitGroups(digits: string): string {
  return (digits.match(/\d{1,3}/g) ?? []).map(digitByDigit).join(', ');
}

/** As years, house numbers and model numbers are read: `1905` → "nineteen oh five". */
export function year(digits: string): string {
  const number = Number(digits);
  if (digits.length !== 4 || /^[02-9]00|^1000/.test(digits)) return cardinal(digits);
  const head = hundreds(Math.floor(number / 100));
  const tail = number % 100;
  if (tail === 0) return `${head} hundred`;
  return tail < 10 ? `${head} oh ${hundreds(tail)}` : `${head} ${hundreds(tail)}`;
}

/** Three digits as in addresses and area codes: `192` → "one ninety-two". */
export function shortThree(digits: string): string {
  if (!/^[1-9]\d{2}$/.test(digits) || digits.endsWith('00')) return cardinal(digits);
  const tail = Number(digits) % 100;
  const rest = tail < 10 ? `oh ${hundreds(tail)}` : hundreds(tail);
  return `${hundreds(Number(digits[0]))} ${rest}`;
}

function threes(digits: string): number[] {
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  return (padded.match(/\d{3}/g) ?? []).map(Number);
}

/** 0 to 999. */
function hundreds(number: number): string {
  const head = number >= 100 ? `${SMALL[Math.floor(number / 100)]} hundred` : '';
  const rest = number % 100;
  if (rest === 0 && head !== '') return head;
  const tens = TENS[Math.floor(rest / 10)] ?? '';
  const ones = SMALL[rest % 10] ?? '';
  const tail = rest < 20 ? (SMALL[rest] ?? '') : rest % 10 === 0 ? tens : `${tens}-${ones}`;
  return head === '' ? tail : `${head} ${tail}`;
}
