import { cardinal, year } from './number-words.js';
import { after, before } from './rule.js';

/** After these a number of four digits is a year, whatever follows. */
const YEAR_BEFORE = new RegExp(
  '(?:\\b(?:in|since|until|till|during|circa|year|years|early|mid|late|spring|summer|autumn|fall|winter|' +
    'class of|january|february|march|april|may|june|july|august|september|october|november|december)|©|\\bca?\\.)[\\s-]{1,2}$',
  'i',
);
/** After these it counts something. */
const COUNT_BEFORE =
  /(?:\b(?:about|over|than|nearly|almost|approximately|approx\.|least|most|exactly|total of|up to|roughly|some|only|another|all|costs?|scored|worth|to the power of)\s|[+×÷*<>≤≥≈±~]\s?)$/i;
/** Plurals that do not end in s, and endings in s that are no plurals. */
const COUNTED =
  /^\s(?:people|men|women|children|mice|feet|fish|sheep|percent|\p{Ll}{2,30}[^\W\d_siu]s)(?!\p{L})/u;
const NO_PLURAL =
  /^\s(?:was|is|has|as|his|its|this|us|does|yes|plus|thus|less|unless|across|towards|besides|always|perhaps|sees|saw)(?!\p{L})/u;
const PAIRS_BEFORE = /(?:^|[^\p{L}\d])[A-Z]{2,6}[\s-]$/u;

/**
 * Reads four digits. 1100 to 2099 are read in pairs as a year is, since house numbers and model
 * numbers are read so too, unless something is counted: a plural follows, or a word such as "about"
 * goes before. Other numbers are pairs after capitals (`RTX 4090`) or where a word makes them years.
 */
export function yearOrQuantity(match: RegExpExecArray): string | undefined {
  const [digits] = match;
  if (digits.startsWith('0')) return undefined;
  const head = before(match);
  if (YEAR_BEFORE.test(head) && (digits < '2100' || /year\s$/i.test(head))) return year(digits);
  if (isEra(match)) return year(digits);
  if (PAIRS_BEFORE.test(head) && !/[^0]00$|0\d$/.test(digits)) return year(digits);
  if (/\b(?:the|an?)\s$/i.test(head) && /^(?:19|20)/.test(digits)) return year(digits);
  const isCount = COUNT_BEFORE.test(head) || isCounted(after(match));
  if (isCount || digits < '1100' || digits > '2099') return cardinal(digits);
  return year(digits);
}

function isEra(match: RegExpExecArray): boolean {
  return /^\s?(?:BC|AD|CE)/.test(after(match)) || /\bAD\s$/.test(before(match));
}

function isCounted(tail: string): boolean {
  return /^\s?%|^\s?=|^\s[+×÷*]\s/.test(tail) || (COUNTED.test(tail) && !NO_PLURAL.test(tail));
}
