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

/** Books whose verses are quoted most. */
const BOOK_BEFORE =
  /\b(?:Genesis|Exodus|Psalms?|Proverbs|Isaiah|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Hebrews|James|Revelation|Surah)\s$/;

/** Times of day and how long something takes, and other numbers with a colon. */
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
    // A stop between hours and minutes, as in Britain.
    at: ['digit'],
    pattern: pattern(`(1[0-2]|0?[1-9])\\.([0-5]\\d)${HALF_OF_DAY}`, 'i'),
    read: ([, hour, minute, half]) =>
      timeWords({ hour: Number(hour), minute: Number(minute), half: halfOf(half) }),
  },
  {
    // How long: 2h 30m, 1h30, 5m20s.
    at: ['digit'],
    pattern: pattern(
      '(\\d{1,3})(h|m)\\s?(\\d{1,2})(m(?:in)?|s(?:ec)?)?(?:\\s?(\\d{1,2})s)?(?![\\p{L}\\d])',
    ),
    read: durationWords,
  },
  {
    // A verse, a ratio or a score.
    at: ['digit'],
    pattern: pattern('(\\d{1,4}):(\\d{1,4})(?![\\d:])'),
    read: (match) => {
      const [, left = '', right = ''] = match;
      return `${cardinal(left)}${BOOK_BEFORE.test(before(match)) ? '' : ' to'} ${cardinal(right)}`;
    },
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
  return all.endsWith('Z') ? `${words} UTC` : words;
}

function durationWords(match: RegExpExecArray): string | undefined {
  const [, first = '', unit, second = '', secondUnit, seconds] = match;
  if (unit === 'm' && !secondUnit?.startsWith('s')) return undefined;
  const names = unit === 'h' ? ['hour', 'minute'] : ['minute', 'second'];
  const parts = [count(first, names[0] ?? '')];
  parts.push(secondUnit === undefined ? cardinal(second) : count(second, names[1] ?? ''));
  if (seconds !== undefined) parts.push(count(seconds, 'second'));
  return parts.join(' ');
}

function count(digits: string, noun: string): string {
  return `${cardinal(digits)} ${plural(Number(digits), noun)}`;
}

function halfOf(letter: string | undefined): 'a' | 'p' | undefined {
  if (letter === undefined) return undefined;
  return letter.toLowerCase() === 'a' ? 'a' : 'p';
}

/** "at 5 am I …" is a time, "the 2 am not …" hardly occurs: only a bare `am` after "I" is the verb. */
function isVerb(match: RegExpExecArray): boolean {
  return /\bI$/.test(before(match).trim()) && /^\s\p{Ll}/u.test(after(match));
}
