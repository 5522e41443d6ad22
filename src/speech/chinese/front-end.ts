import type { TextEdit, TextFrontEnd } from '../script.js';
import { ADDRESS_RULES, CODE_RULES } from './addresses.js';
import { AMOUNT_RULES, MONEY_RULES } from './amounts.js';
import { DATE_RULES } from './dates.js';
import { foldWidth } from './fold.js';
import { LATIN_RULES } from './latin.js';
import { readAt, type Rule } from './rule.js';
import { sayAs } from './say-as.js';
import { SIGN_RULES } from './signs.js';

const DIGIT_RULES = [...ADDRESS_RULES, ...DATE_RULES, ...CODE_RULES, ...AMOUNT_RULES];
const LETTER_RULES = [...ADDRESS_RULES, ...MONEY_RULES, ...LATIN_RULES];
const OTHER_RULES = [...MONEY_RULES, ...SIGN_RULES];

/** Said as it stands, and no rule begins here: letters without case (Han, kana), spaces, marks. */
const PLAIN =
  /(?:(?!\uFEFF)[\p{Lo}\s，。！？；：、…“”‘’（）《》〈〉「」『』【】,;?'"()·]|[.:](?! ?[0-9]))+/uy;
const LATIN_WORD = /[A-Za-z]+/uy;
const OTHER_LETTER = /\p{L}(?:(?![\uFE00-\uFE0F\u20D0-\u20FF])\p{M})*/uy;
const ORDINARY_MARK = /[,.!?;:—–'"()·・-]/u;
/** Signs that nothing is said for: emoji and control characters in a row, or any other one. */
const UNSAID =
  /(?:(?![\t-\r])[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\p{C}\uFE0F\u20E3])+|./suy;

/** Reads Mandarin text: numbers, dates, units, addresses and signs. */
export const chinese: TextFrontEnd = { edits, sayAs };

function edits(text: string): TextEdit[] {
  const folded = foldWidth(text);
  const found: TextEdit[] = [];
  let at = 0;
  while (at < folded.length) {
    const next = readNext(folded, at);
    const spoken = next.spoken ?? folded.slice(at, next.end);
    if (spoken !== text.slice(at, next.end)) add(found, { start: at, end: next.end, spoken });
    at = next.end;
  }
  return found;
}

/** What begins at `at`: read by a rule, dropped, or (without `spoken`) said as it is written. */
function readNext(text: string, at: number): { end: number; spoken?: string } {
  const plain = endOf(PLAIN, text, at);
  if (plain !== undefined) return { end: plain };
  const read = readAt(text, at, rulesAt(text, at));
  if (read !== undefined) return read;
  const word = endOf(LATIN_WORD, text, at) ?? endOf(OTHER_LETTER, text, at);
  if (word !== undefined) return { end: word };
  if (ORDINARY_MARK.test(text.charAt(at))) return { end: at + 1 };
  return { end: endOf(UNSAID, text, at) ?? at + 1, spoken: '' };
}

function rulesAt(text: string, at: number): readonly Rule[] {
  const character = text.charAt(at);
  if (/[0-9]/.test(character)) return DIGIT_RULES;
  if (character === '.' && /^(?<![0-9A-Za-z])\.[0-9]/.test(text.slice(at, at + 2))) {
    return AMOUNT_RULES;
  }
  return /[A-Za-z]/.test(character) ? LETTER_RULES : OTHER_RULES;
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Things that are dropped one after another are one edit. */
function add(found: TextEdit[], edit: TextEdit): void {
  const last = found.at(-1);
  if (last?.end === edit.start && last.spoken === '' && edit.spoken === '') {
    found[found.length - 1] = { ...last, end: edit.end };
  } else {
    found.push(edit);
  }
}
