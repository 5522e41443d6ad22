import { cardinal, digitByDigit, ordinal, year } from './number-words.js';
import { before, pattern, type Rule } from './rule.js';

/** Names of the months, January first. */
export const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );
const MONTH =
  '(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)(?![\\p{L}])\\.?|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)';
const DAY = '(0?[1-9]|[12]\\d|3[01])';
const YEAR = '([12]\\d{3})';
const END = '(?![\\p{L}\\d]|[.,\\/-]\\d)';

/** A day of the calendar; undefined parts are not said. */
export interface SpokenDate {
  readonly month?: number | undefined;
  readonly day?: number | undefined;
  readonly year?: string | undefined;
}

/** "November twenty-first, twenty twenty-six". */
export function dateWords({ month, day, year: years }: SpokenDate): string {
  const dayWords = day === undefined ? undefined : ordinal(String(day));
  const monthAndDay = [monthName(month), dayWords].filter((word) => word !== undefined).join(' ');
  const yearWords = years === undefined ? undefined : yearOf(years);
  const separator = dayWords === undefined ? ' ' : ', ';
  return [monthAndDay, yearWords]
    .filter((part) => part !== undefined && part !== '')
    .join(separator);
}

function monthName(month: number | undefined): string | undefined {
  return month === undefined ? undefined : MONTHS[month - 1];
}

function yearOf(digits: string): string {
  if (digits.length !== 2) return year(digits);
  return digits.startsWith('0') ? digitByDigit(digits).replace('zero', 'oh') : cardinal(digits);
}

function monthNumber(name: string): number {
  const start = name.slice(0, 3).toLowerCase();
  return MONTHS.findIndex((month) => month.toLowerCase().startsWith(start)) + 1;
}

/** Dates in digits and with the month's name; a date that does not exist is left to other rules. */
export const dateRules: readonly Rule[] = [
  {
    // ISO 8601, with a time: the time is left to its own rule, "at" parts them.
    at: ['digit'],
    pattern: pattern(
      `${YEAR}([-/.])(0?[1-9]|1[0-2])\\2${DAY}([T\\s](?=\\d{2}:\\d{2})|(?![\\d])(?![-./]\\d))`,
    ),
    read: ([, years, , month, day, time]) => {
      const date = numericDate(years, month, day);
      return date === undefined || time === '' ? date : `${date}, at`;
    },
  },
  {
    // Without marks between, if it is a day of these two centuries.
    at: ['digit'],
    pattern: pattern('((?:19|20)\\d{2})(\\d{2})(\\d{2})(?![\\p{L}\\p{N}]|[.,]\\d)'),
    read: ([, years, month, day]) => numericDate(years, month, day),
  },
  {
    // Month first, as in the United States, unless the first number can only be a day.
    at: ['digit'],
    pattern: pattern(`(\\d{1,2})([-/.])(\\d{1,2})\\2${YEAR}${END}`),
    read: ([, first, , second, years]) =>
      numericDate(years, first, second) ?? numericDate(years, second, first),
  },
  {
    at: ['digit'],
    pattern: pattern(`(\\d{1,2})/(\\d{1,2})/(\\d{2})${END}`),
    read: ([, first, second, years]) =>
      numericDate(years, first, second) ?? numericDate(years, second, first),
  },
  {
    at: ['digit'],
    pattern: pattern(`(0?[1-9]|1[0-2])[/](19\\d{2}|20\\d{2})${END}`),
    read: ([, month, years]) => dateWords({ month: Number(month), year: years }),
  },
  {
    // Without a year it is a date after such a word only; otherwise it is a fraction.
    at: ['digit'],
    pattern: pattern(`(\\d{1,2})/(\\d{1,2})${END}`),
    read: (match) => {
      const isDate = /\b(?:on|by|until|till|before|after|since|due|dated?)\s$/i.test(before(match));
      return isDate ? numericDate(undefined, match[1], match[2]) : undefined;
    },
  },
  {
    at: ['letter'],
    pattern: pattern(
      `(${MONTH})\\s${DAY}(?:st|nd|rd|th)?(?:\\s?[-–—]\\s?${DAY}(?:st|nd|rd|th)?)?(?:,?\\s${YEAR})?(?![\\p{L}\\d:%]|[.,\\/-]\\d)`,
    ),
    read: ([, month = '', day, toDay, years]) =>
      monthFirst(monthNumber(month), [day, toDay], years),
  },
  {
    at: ['letter'],
    pattern: pattern(`(${MONTH}),?\\s(?:of\\s)?${YEAR}${END}`),
    read: ([, month = '', years]) => dateWords({ month: monthNumber(month), year: years }),
  },
  {
    at: ['digit'],
    pattern: pattern(
      `${DAY}(?:st|nd|rd|th)?(?:\\s?[-–—]\\s?${DAY}(?:st|nd|rd|th)?)?\\s(?:of\\s)?(${MONTH})(?:,?\\s${YEAR}(?![\\d]))?(?!\\p{L})`,
    ),
    read: dayFirst,
  },
  {
    at: ['digit'],
    pattern: pattern('(\\d{1,4})\\s?(BC|AD|BCE|CE)(?![\\p{L}\\d])'),
    read: ([, years = '', era = '']) => `${year(years)} ${eraName(era)}`,
  },
  {
    at: ['letter'],
    pattern: pattern('AD\\s(\\d{1,4})(?![\\p{L}\\d])'),
    read: ([, years = '']) => `${eraName('AD')} ${year(years)}`,
  },
  {
    at: ['digit'],
    pattern: pattern('([12]\\d{3})\\s?[-–/]\\s?(\\d{2})(?![\\d\\p{L}]|[-/.:]\\d)'),
    read: ([, from = '', to = '']) =>
      to > from.slice(2) && from < '2100' ? `${year(from)} to ${yearOf(to)}` : undefined,
  },
];

/** espeak takes AD for a word. */
function eraName(era: string): string {
  return era === 'AD' ? 'A-D' : era;
}

/** Days that a month has at most. */
function numericDate(
  years: string | undefined,
  month: string | undefined,
  day: string | undefined,
): string | undefined {
  const date = { month: Number(month), day: Number(day), year: years };
  return isDate(date) ? dateWords(date) : undefined;
}

/** Whether a month has that day (in some year). */
export function isDate({ month = 1, day = 1 }: SpokenDate): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(2000, month, 0).getDate();
}

function monthFirst(
  month: number,
  [day, toDay]: readonly (string | undefined)[],
  years: string | undefined,
): string | undefined {
  if (!isDate({ month, day: Number(day) })) return undefined;
  const from = dateWords({ month, day: Number(day) });
  const days = toDay === undefined ? from : `${from} to ${ordinal(toDay)}`;
  return years === undefined ? days : `${days}, ${yearOf(years)}`;
}

function dayFirst(match: RegExpExecArray): string | undefined {
  const [, day = '', toDay, monthWord = '', years] = match;
  const month = monthNumber(monthWord);
  if (!isDate({ month, day: Number(day) })) return undefined;
  const article = /\bthe\s$/i.test(before(match)) ? '' : 'the ';
  const days = toDay === undefined ? ordinal(day) : `${ordinal(day)} to the ${ordinal(toDay)}`;
  const monthAndYear = `${MONTHS[month - 1]}${years === undefined ? '' : `, ${yearOf(years)}`}`;
  return `${article}${days} of ${monthAndYear}`;
}
