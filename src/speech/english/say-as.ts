import type { SayAs } from '../script.js';
import { dateWords, isDate, type SpokenDate } from './dates.js';
import { digitByDigit, digitGroups, ordinal } from './number-words.js';
import { phoneWords } from './phones.js';
import { decimal, fractionWords, quantity } from './quantities.js';
import { applyRules } from './rule.js';
import { RULES } from './rules.js';
import { characterNames } from './spelling.js';
import { timeWords } from './times.js';
import { applyEdits, settleEdits } from '../edits.js';

type Reader = (text: string, format: string | undefined) => string | undefined;

/** What may be asked for, by the names that W3C's note and the large clouds use. */
const READERS: ReadonlyMap<string, Reader> = new Map(
  Object.entries<Reader>({
    cardinal: readCardinal,
    number: (text, format) => (format === 'digits' ? readDigits(text) : readNumber(text, format)),
    ordinal: readOrdinal,
    digits: readDigits,
    characters: readCharacters,
    'spell-out': readCharacters,
    verbatim: readCharacters,
    date: readDate,
    time: readTime,
    telephone: (text) => (/\d/.test(text) ? phoneWords(text, undefined) : undefined),
    currency: readAsText,
    unit: readAsText,
    address: readAsText,
    fraction: readFraction,
    // A listener hears that something is left out; a sound is not ours to make.
    expletive: (text) => (text === '' ? undefined : 'beep'),
    bleep: (text) => (text === '' ? undefined : 'beep'),
  }),
);

/** Reads a text as markup wants it; undefined if it is not written so or the wish is unknown. */
export function sayAs(text: string, { interpretAs, format }: SayAs): string | undefined {
  return READERS.get(interpretAs.toLowerCase())?.(text, format?.toLowerCase());
}

function readCardinal(text: string): string | undefined {
  const [, sign, number] = /^([-+]?)\s?([\d.,]+)$/.exec(text) ?? [];
  if (number === undefined || !/\d/.test(number)) return undefined;
  const words = quantity(number.replace(/[.,]$/, '').replace(/^0+(?=\d)/, ''));
  return sign === '-' ? `minus ${words}` : words;
}

function readNumber(text: string, format: string | undefined): string | undefined {
  if (format === 'ordinal') return readOrdinal(text);
  return text.includes('/') ? readFraction(text) : readCardinal(text);
}

function readOrdinal(text: string): string | undefined {
  const [, digits] = /^([\d,]+)(?:st|nd|rd|th)?$/i.exec(text) ?? [];
  return digits === undefined || !/\d/.test(digits)
    ? undefined
    : ordinal(digits.replaceAll(',', ''));
}

function readDigits(text: string): string | undefined {
  const digits = text.replace(/\D/g, '');
  if (digits === '') return undefined;
  return digits.length > 6 ? digitGroups(digits) : digitByDigit(digits);
}

function readCharacters(text: string): string | undefined {
  return characterNames(text) || undefined;
}

/** As in a text without markup. */
function readAsText(text: string): string | undefined {
  const words = applyEdits(text, settleEdits(text, applyRules(text, RULES)));
  return words === '' ? undefined : words;
}

function readFraction(text: string): string | undefined {
  const [, whole, fraction] = /^(?:(\d+)[\s+]+)?(\d+\s?\/\s?[1-9]\d*)$/.exec(text) ?? [];
  if (fraction === undefined) return undefined;
  const words = fractionWords(fraction.replace(/\s/g, ''));
  return whole === undefined
    ? words
    : `${decimal(whole)} and ${words.replace(/^one (?=half)/, 'a ')}`;
}

/** Formats name the parts in order: `mdy`, `yyyymmdd`, `dm`, `y` and so on. */
function readDate(text: string, format: string | undefined): string | undefined {
  const order = [...new Set(format ?? '')].filter((part) => 'ymd'.includes(part));
  const parts = partsOf(text, format);
  if (order.length === 0 || !/^[\d\s./-]+$/.test(text)) return readAsText(text);
  if (parts.length !== order.length) return undefined;
  const valueOf = (part: string) => parts[order.indexOf(part)];
  const date = { month: count(valueOf('m')), day: count(valueOf('d')), year: valueOf('y') };
  return isDate(date) ? dateOrUndefined(date) : undefined;
}

/** `20261121` has its parts side by side, as long as the format says. */
function partsOf(text: string, format: string | undefined): string[] {
  const parts = text.match(/\d+/g) ?? [];
  if (parts.length !== 1 || format === undefined || format.length < 6) return parts;
  let position = 0;
  return [...format.matchAll(/y+|m+|d+/g)].map(([letters]) => {
    position += letters.length;
    return text.slice(position - letters.length, position);
  });
}

function count(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function dateOrUndefined(date: SpokenDate): string | undefined {
  return dateWords(date) || undefined;
}

function readTime(text: string): string | undefined {
  const match = /^(\d{1,2})(?:[:.]?([0-5]\d))?(?:[:.]?([0-5]\d))?\s?(?:([ap])\.?m\.?)?Z?$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const [, hour, minute = '0', second = '0', half] = match;
  if (Number(hour) > (half === undefined ? 24 : 12)) return undefined;
  return timeWords({
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    half: half === undefined ? undefined : half.toLowerCase() === 'a' ? 'a' : 'p',
  });
}
