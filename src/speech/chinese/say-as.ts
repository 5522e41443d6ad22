import type { SayAs } from '../script.js';
import { sayTelephone } from './addresses.js';
import { sayDate, sayTime } from './dates.js';
import { foldWidth } from './fold.js';
import { sayCardinal, sayDigits, sayFormalCardinal, sayNumber } from './numerals.js';

type Reader = (text: string, format: string) => string | undefined;

const DATE_PARTS: Readonly<Record<string, string>> = { y: 'year', m: 'month', d: 'day' };
const DEFAULT_FORMATS: Readonly<Record<number, string>> = { 1: 'y', 2: 'md', 3: 'ymd' };

const READERS: ReadonlyMap<string, Reader> = new Map(
  Object.entries<Reader>({
    cardinal: whole((digits) => sayCardinal(digits)),
    number: (text) => (/^[-−]?[\d,]*\.?\d+$/u.test(text) ? sayNumber(text) : undefined),
    ordinal: whole((digits) => `第${sayFormalCardinal(digits)}`),
    digits: (text) => (/\d/u.test(text) ? sayDigits(text.replace(/\D/gu, '')) : undefined),
    characters: spellOut,
    'spell-out': spellOut,
    verbatim: spellOut,
    telephone: (text) => (/\d/u.test(text) ? sayTelephone(text.replace(/^\+/u, '')) : undefined),
    date: readDate,
    time: readTime,
    fraction: readFraction,
  }),
);

/** Reads a text as markup wants it; undefined if it cannot be read so. */
export function sayAs(text: string, { interpretAs, format = '' }: SayAs): string | undefined {
  return READERS.get(interpretAs.toLowerCase())?.(foldWidth(text).trim(), format.toLowerCase());
}

function whole(say: (digits: string) => string): Reader {
  return (text) => {
    const [, minus, digits] = /^([-−]?)(\d[\d,]*)$/u.exec(text) ?? [];
    if (digits === undefined) return undefined;
    return (minus === '' ? '' : '负') + say(digits);
  };
}

/** One by one, with room between Latin letters so that they are not read as a word. */
function spellOut(text: string): string | undefined {
  const said = [...text]
    .filter((character) => /[\p{L}\d]/u.test(character))
    .map((character) => (/\d/u.test(character) ? sayDigits(character) : character.toUpperCase()));
  return said.length === 0 ? undefined : said.join(' ');
}

/** @param format Order of the parts, for example `mdy`; year first if it is absent. */
function readDate(text: string, format: string): string | undefined {
  const numbers = text.match(/\d+/gu) ?? [];
  const order = format === '' ? (DEFAULT_FORMATS[numbers.length] ?? '') : format;
  if (order.length !== numbers.length || !/^[ymd]+$/u.test(order)) return undefined;
  const parts = Object.fromEntries(
    numbers.map((number, index) => [DATE_PARTS[order.charAt(index)] ?? '', number]),
  );
  const valid = Number(parts['month'] ?? 1) <= 12 && Number(parts['day'] ?? 1) <= 31;
  return valid ? sayDate(parts) : undefined;
}

function readTime(text: string): string | undefined {
  const [, hour, minute, second] =
    /^(\d{1,2})(?:[:点时](\d{2})?)?(?:[:分](\d{2}))?/u.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 24 || Number(minute ?? 0) > 59) return undefined;
  return sayTime({ hour, minute, second });
}

function readFraction(text: string): string | undefined {
  const [, over, under] = /^(\d+)\s*\/\s*(\d+)$/u.exec(text) ?? [];
  if (over === undefined || under === undefined) return undefined;
  return `${sayCardinal(under)}分之${sayCardinal(over)}`;
}
