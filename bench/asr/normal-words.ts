import { pluralTen } from './number-words.js';
import { withNumerals } from './numerals.js';

const CURRENCIES: Readonly<Record<string, string>> = { $: 'dollars', '£': 'pounds', '€': 'euros' };
const SHORT_FORMS: Readonly<Record<string, string>> = {
  mr: 'mister',
  mrs: 'missus',
  dr: 'doctor',
  ok: 'okay',
};
/** British spelling → American; what it does to other words it does on both sides alike. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(..+[^aeiou]|neighb|harb|col|fav)our(s|ed|ing|ite|ites|able|hood|ful)?$/, '$1or$2'],
  [/^(cent|met|theat|lit|fib|kilomet|centimet)re(s?)$/, '$1er$2'],
  [/^grey/, 'gray'],
  [/^(....+)is(e|ed|es|ing|ation)$/, '$1iz$2'],
  [/^(travel|cancel|label|model|signal)l(ed|ing|er|ers)$/, '$1$2'],
];

/**
 * Reduces a text to words that can be compared, the reference and every transcript alike: no case,
 * accents or punctuation, apostrophes closed up (`don't` → `dont`), hyphens opened; numbers as
 * figures; `$5` and `5 %` as they are read; a few short forms; American spelling.
 */
export function normalWords(text: string): readonly string[] {
  const plain = text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/['’‘]/g, '')
    .replaceAll(/([$£€])\s?(\d[\d,.]*\d|\d)(\s(?:thousand|million|billion)\b)?/g, money)
    .replaceAll('%', ' percent ')
    .replaceAll(/\bper cent\b/g, 'percent')
    .replaceAll(/(\d),(?=\d{3}(?!\d))/g, '$1');
  const tokens = plain.match(/\d+(?:\.\d+)?(?:(?:st|nd|rd|th)\b)?|\p{L}+/gu) ?? [];
  return withNumerals(tokens.flatMap(unfolded)).map(spelled);
}

function money(_: string, sign: string, amount: string, scale = ''): string {
  return `${amount}${scale} ${CURRENCIES[sign]}`;
}

/** `eighties` as `80s` has it: the number and an s. */
function unfolded(token: string): readonly string[] {
  const ten = pluralTen(token);
  return ten === undefined ? [token] : [ten, 's'];
}

function spelled(word: string): string {
  const whole = SHORT_FORMS[word] ?? word;
  const rule = SPELLINGS.find(([pattern]) => pattern.test(whole));
  return rule ? whole.replace(...rule) : whole;
}
