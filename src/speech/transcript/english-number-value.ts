const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen ' +
  'sixteen seventeen eighteen nineteen'
).split(' ');
const TENS = '  twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES: ReadonlyMap<string, number> = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
]);
/** From here on a round number keeps the name of its scale: 2 million. */
const MIN_NAMED_SCALE = 1e6;
/** Centuries that a year such as "nineteen eighty four" may begin with; ten thirty is no year. */
const FIRST_CENTURY = 16;
const LAST_CENTURY = 20;

const NUMBER_WORDS: ReadonlySet<string> = new Set([
  ...SMALL,
  ...TENS.slice(2),
  'hundred',
  ...SCALES.keys(),
]);

/** Whether a word in small letters is one of a number. */
export function isNumberWord(word: string): boolean {
  return NUMBER_WORDS.has(word);
}

/**
 * Reads words in small letters as one number: a whole number, a decimal or a year.
 * @returns Its digits; undefined if the words are no number, or more than one.
 */
export function digitsOf(words: readonly string[]): string | undefined {
  const point = words.indexOf('point');
  if (point >= 0) return decimalOf(words.slice(0, point), words.slice(point + 1));
  const scaled = roundOf(words);
  if (scaled !== undefined) return scaled;
  const value = yearOf(words) ?? wholeOf(words);
  return value === undefined ? undefined : String(value);
}

/** `three` `point` `five`; a scale may follow: 2.5 million. */
function decimalOf(whole: readonly string[], rest: readonly string[]): string | undefined {
  const scale = SCALES.has(rest.at(-1) ?? '') ? ` ${rest.at(-1)}` : '';
  const decimals = (scale === '' ? rest : rest.slice(0, -1)).map((word) =>
    word === 'oh' ? 0 : SMALL.indexOf(word),
  );
  const value = wholeOf(whole);
  const areDigits = decimals.length > 0 && decimals.every((digit) => digit >= 0 && digit <= 9);
  return value === undefined || !areDigits ? undefined : `${value}.${decimals.join('')}${scale}`;
}

/** `two hundred` `million` → `200 million`. */
function roundOf(words: readonly string[]): string | undefined {
  const scale = words.at(-1) ?? '';
  if ((SCALES.get(scale) ?? 0) < MIN_NAMED_SCALE) return undefined;
  const head = belowThousand(words.slice(0, -1));
  return head === undefined ? undefined : `${head} ${scale}`;
}

/** `nineteen` `eighty` `four`, `twenty` `ten`, `nineteen` `oh` `five`, `nineteen` `hundred`. */
function yearOf([first = '', ...rest]: readonly string[]): number | undefined {
  const century = belowHundred([first]) ?? 0;
  if (century < FIRST_CENTURY || century > LAST_CENTURY) return undefined;
  if (rest.length === 1 && rest[0] === 'hundred') return century * 100;
  const isOh = rest[0] === 'oh' && rest.length === 2;
  const year = belowHundred(isOh ? rest.slice(1) : rest);
  if (year === undefined || (isOh ? year > 9 || year === 0 : year < 10)) return undefined;
  return century * 100 + year;
}

/** A whole number with its scales in falling order. */
function wholeOf(words: readonly string[]): number | undefined {
  let total = 0;
  let limit = Infinity;
  let begun = 0;
  for (const [at, word] of words.entries()) {
    const scale = SCALES.get(word);
    if (scale === undefined) continue;
    const head = belowThousand(words.slice(begun, at));
    if (head === undefined || head === 0 || scale >= limit) return undefined;
    total += head * scale;
    limit = scale;
    begun = words[at + 1] === 'and' ? at + 2 : at + 1;
  }
  if (begun === words.length && words.at(-1) !== 'and' && total > 0) return total;
  const tail = belowThousand(words.slice(begun));
  return tail === undefined || (tail === 0 && total > 0) ? undefined : total + tail;
}

function belowThousand(words: readonly string[]): number | undefined {
  if (words[1] !== 'hundred') return belowHundred(words);
  const hundreds = SMALL.indexOf(words[0] ?? '');
  if (hundreds < 1 || hundreds > 9) return undefined;
  if (words.length === 2) return hundreds * 100;
  const rest = belowHundred(words.slice(words[2] === 'and' ? 3 : 2));
  return rest === undefined || rest === 0 ? undefined : hundreds * 100 + rest;
}

function belowHundred(words: readonly string[]): number | undefined {
  const [first = '', second] = words;
  const small = SMALL.indexOf(first);
  if (small >= 0) return words.length === 1 ? small : undefined;
  const tens = TENS.indexOf(first);
  if (tens < 2 || words.length > 2) return undefined;
  if (second === undefined) return tens * 10;
  const ones = SMALL.indexOf(second);
  return ones >= 1 && ones <= 9 ? tens * 10 + ones : undefined;
}
