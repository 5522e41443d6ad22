import { settleEdits } from '../edits.js';
import type { SayAs, TextEdit, TextFrontEnd } from '../script.js';
import { applyRules } from './rule.js';
import { RULES } from './rules.js';
import { sayAs } from './say-as.js';

const WIDE = /[\uFF01-\uFF5E\u2010\u2011\u2212\u2019\u02BC]/g;
const LIKE: Readonly<Record<string, string>> = {
  '\u2010': '-',
  '\u2011': '-',
  '\u2212': '-',
  '\u2019': "'",
  '\u02BC': "'",
};
const WIDE_WORDS = /[\uFF01-\uFF5E]+/g;
const WIDE_TO_NARROW = 0xfee0;

/** Reads English: what is written in signs and figures is said in words. */
export const english: TextFrontEnd = {
  edits(text: string): TextEdit[] {
    const plain = narrow(text);
    return settleEdits(plain, withWideWords(text, applyRules(plain, RULES)));
  },
  sayAs(text: string, as: SayAs): string | undefined {
    return sayAs(narrow(text).trim(), as);
  },
};

/** One character for one, so that places stay: wide forms and look-alikes as plain ones. */
function narrow(text: string): string {
  return text.replace(
    WIDE,
    (wide) => LIKE[wide] ?? String.fromCharCode(wide.charCodeAt(0) - WIDE_TO_NARROW),
  );
}

/** Wide letters that no rule has read: espeak would name each. */
function withWideWords(text: string, edits: TextEdit[]): TextEdit[] {
  const wide = [...text.matchAll(WIDE_WORDS)].flatMap((match) => {
    const span = { start: match.index, end: match.index + match[0].length };
    const isFree = edits.every((edit) => edit.end <= span.start || edit.start >= span.end);
    return isFree ? [{ ...span, spoken: narrow(match[0]) }] : [];
  });
  return wide.length === 0 ? edits : [...edits, ...wide].toSorted((a, b) => a.start - b.start);
}
