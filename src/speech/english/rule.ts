import type { TextEdit } from '../script.js';

/** What a token begins with; a sign is anything that is no letter, digit or white space. */
export type TokenStart = 'digit' | 'letter' | 'sign';

/** How one kind of thing in a text is found and said. */
export interface Rule {
  /** At which tokens it is tried. */
  readonly at: readonly TokenStart[];
  /**
   * Sticky. Repetitions must be bounded or be over one class of characters that nothing before them
   * shares, so that a long text costs time in proportion to its length.
   */
  readonly pattern: RegExp;
  /** What is said for the match; undefined leaves it to the rules after this one. */
  readonly read: (match: RegExpExecArray) => string | undefined;
}

/** Makes a rule's pattern: sticky, by code points. */
export function pattern(source: string, flags = ''): RegExp {
  return new RegExp(source, `uy${flags}`);
}

/** An abbreviation's full stop, unless it ends the sentence as well: then it stays in the text. */
export const OPTIONAL_STOP = `(?:\\.(?!["'”’)\\]*_]{0,4}\\s{0,4}$))?`;

/** Where a rule may match: the start of a word, or any character outside of words. */
const TOKEN_START =
  /(?<![\p{Script=Latin}\p{M}0-9])\p{L}|(?<!\p{Nd})\p{Nd}|[\p{No}\p{Nl}]|[^\p{L}\p{N}\p{M}\s]|[\uFE00-\uFE0F\u20E3\uFEFF]|\u2139/gu;
/** The one letter that is an emoji: U+2139, information. */
const LETTER_PICTURE = '\u2139';
const WORD = /[\p{L}\p{N}]/u;

/** Applies the first rule that reads a token, at every token in order; edits never overlap. */
export function applyRules(text: string, rules: readonly Rule[]): TextEdit[] {
  const byStart = {
    digit: rules.filter((rule) => rule.at.includes('digit')),
    letter: rules.filter((rule) => rule.at.includes('letter')),
    sign: rules.filter((rule) => rule.at.includes('sign')),
  };
  const starts = new RegExp(TOKEN_START);
  const edits: TextEdit[] = [];
  for (let token = starts.exec(text); token !== null; token = starts.exec(text)) {
    let edit = readToken(text, token.index, byStart[startOf(token[0])]);
    // What goes on within the word is a token of its own: `1920x` has been read, `1080` follows.
    while (edit !== undefined) {
      edits.push(edit);
      starts.lastIndex = edit.end;
      const next = characterAt(text, edit.end);
      edit = isWord(next) ? readToken(text, edit.end, byStart[startOf(next)]) : undefined;
    }
  }
  return edits;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0x20);
}

function startOf(character: string): TokenStart {
  if (character === LETTER_PICTURE) return 'sign';
  if (/\p{L}/u.test(character)) return 'letter';
  return /\p{Nd}/u.test(character) ? 'digit' : 'sign';
}

function readToken(text: string, start: number, rules: readonly Rule[]): TextEdit | undefined {
  for (const { pattern, read } of rules) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    const spoken = match === null ? undefined : read(match);
    if (match === null || spoken === undefined || match[0] === '') continue;
    return { start, end: start + match[0].length, spoken };
  }
  return undefined;
}

/** The text before a match, as far as a rule may look. */
export function before(match: RegExpExecArray): string {
  return match.input.slice(Math.max(0, match.index - 40), match.index);
}

/** The text after a match, as far as a rule may look. */
export function after(match: RegExpExecArray): string {
  const end = match.index + match[0].length;
  return match.input.slice(end, end + 40);
}

/** Whether a character is a letter or a digit; false for undefined and empty text. */
export function isWord(character: string | undefined): character is string {
  return character !== undefined && WORD.test(character);
}
