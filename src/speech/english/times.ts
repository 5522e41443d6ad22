import { cardinal } from './number-words.js';
import { OPTIONAL_STOP, after, before, pattern, type Rule } from './rule.js';

const HALF_OF_DAY = `(?:\\s?([ap])(?:m|\\.\\s?m${OPTIONAL_STOP})(?![\\p{L}\\p{N}]))`;
/** The abbreviation's stop ends the sentence as well: it is left in the text. */
const END = '(?![\\p{L}\\d]|[:.]\\d)';
/** espeak reads `am` as the verb; capitals with a dash are spelled everywhere. */
const HALVES: Readonly<Record<string, string>> = { a: 'A-M', p: 'P-M' };

/** A time of day. */
export interface SpokenTime {
  readonly hour: number;
  readonly minute?: number | undefined;
  readonly second?: number | undefined;
  /** Before or after noon; undefined on a clock of 24 hours or where it is not said. */
  readonly half?: 'a' | 'p' | undefined;
}

/** "three thirty P-M", "nine o'clock", "fifteen hundred". */
export function timeWords({ hour, minute = 0, second = 0, half }: SpokenTime): string {
  const words = `${cardinal(String(hour))} ${minuteWords(hour, minute, half)}`.trim();
  const isMidnight = hour === 0 && minute === 0 && half === undefined;
  const clock = isMidnight ? 'midnight' : words;
  const seconds =
    second === 0 ? '' : ` and ${cardinal(String(second))} ${plural(second, 'second')}`;
  return `${clock}${seconds}${half === undefined ? '' : ` ${HALVES[half] ?? ''}`}`;
}

function minuteWords(hour: number, minute: number, half: string | undefined): string {
  if (minute >= 10) return cardinal(String(minute));
  if (minute > 0) return `oh ${cardinal(String(minute))}`;
  if (half !== undefined) return '';
  return hour > 12 ? 'hundred' : "o'clock";
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/** Times of day. */
export const timeRules: readonly Rule[] = [
  {
    at: ['digit'],
    pattern: pattern(
      `([01]?\\d|2[0-4]):([0-5]\\d)(?::([0-5]\\d)(?:\\.\\d{1,6})?)?(?:${HALF_OF_DAY}|Z?${END})`,
      'i',
    ),
    read: readClock,
  },
  {
    at: ['digit'],
    pattern: pattern(`(1[0-2]|0?[1-9])${HALF_OF_DAY}`, 'i'),
    read: (match) => {
      const [, hour, half = ''] = match;
      return isVerb(match) ? undefined : timeWords({ hour: Number(hour), half: halfOf(half) });
    },
  },
  {
    at: ['digit'],
    pattern: pattern('(\\d{1,4}):(\\d{1,4})(?![\\d:])'),
    read: ([, left = '', right = '']) => `${cardinal(left)} to ${cardinal(right)}`,
  },
];

function readClock(match: RegExpExecArray): string | undefined {
  const [all, hour = '', minute, second, half] = match;
  if (half !== undefined && (Number(hour) > 12 || Number(hour) === 0)) return undefined;
  const words = timeWords({
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second ?? 0),
    half: halfOf(half),
  });
  return /Z$/.test(all) ? `${words} UTC` : words;
}

function halfOf(letter: string | undefined): 'a' | 'p' | undefined {
  if (letter === undefined) return undefined;
  return letter.toLowerCase() === 'a' ? 'a' : 'p';
}

/** "at 5 am I …" is a time, "the 2 am not …" hardly occurs: only a bare `am` after "I" is the verb. */
function isVerb(match: RegExpExecArray): boolean {
  return /\bI$/.test(before(match).trim()) && /^\s\p{Ll}/u.test(after(match));
}
