/** Marks at a line's beginning that are seen, not said: list bullets, headings, quotation marks. */
const BULLET = /(?:[-+*•‣◦▪●○·–—>]|#{1,6})[^\S\n]+/uy;
/** Numbers that begin a list item: `1.`, `2)`, `(3)`, `a)`, `1、`. */
const LIST_NUMBER = /\d{1,3}[.)][^\S\n]|\d{1,3}[、．]|\p{L}\)[^\S\n]|[（(]\d{1,3}[)）]/uy;
const HEADING = /#{1,6}[^\S\n]/uy;
const LINE_BREAK = /\r\n?|[\n\u2028\u2029]/u;
const FIRST_WORD = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]|[^\s\p{scx=Han}]+/uy;
/** Texts that were wrapped by a program have a longest line in these bounds, in UTF-16 units. */
const WRAPPED_AT = { from: 50, to: 120 };

/** Matches a line break with the white space and the further breaks after it. */
export const LINE_BREAKS = String.raw`[\n\r\u2028\u2029]\s*`;

/** The longest line of a text, in UTF-16 units. */
export function longestLine(text: string): number {
  return text.split(LINE_BREAK).reduce((most, line) => Math.max(most, line.length), 0);
}

/** Where the text of a line begins: after bullets and heading signs, which nobody says. */
export function afterBullet(text: string, lineStart: number): number {
  return lineStart + (matchAt(BULLET, text, lineStart)?.length ?? 0);
}

/** A line break between two lines of a text. */
export interface LineBreak {
  readonly text: string;
  readonly lineStart: number;
  /** The break and all white space after it. */
  readonly start: number;
  readonly end: number;
  /** {@link longestLine} of the text. */
  readonly longest: number;
}

/**
 * Whether a sentence ends at a line break though no mark says so: at an empty line, before and after
 * list items and headings, and wherever the writer broke the line on purpose: the next word would
 * have fitted on it. A line that goes on in lower case or after a comma does not end.
 */
export function lineEndsSentence(line: LineBreak): boolean {
  const { text, start, end, lineStart } = line;
  if (/[\n\r\u2028\u2029][^]*[\n\u2028\u2029]/u.test(text.slice(start, end).replace('\r\n', '\n')))
    return true;
  if (beginsItem(text, end) || matchAt(HEADING, text, lineStart) !== undefined) return true;
  const content = text.slice(lineStart, start).trimEnd();
  if (/[;:；：]$/u.test(content)) return true;
  if (/[,，、—–([（「『“.…]$/u.test(content)) return false;
  const next = matchAt(FIRST_WORD, text, end) ?? '';
  if (/^["'“‘(]*\p{Ll}/u.test(next)) return false;
  return !isWrapped(content.length + 1 + next.length, line.longest);
}

function isWrapped(lengthWithNextWord: number, longest: number): boolean {
  const mayWrap = longest >= WRAPPED_AT.from && longest <= WRAPPED_AT.to;
  return mayWrap && lengthWithNextWord > longest;
}

function beginsItem(text: string, at: number): boolean {
  return matchAt(BULLET, text, at) !== undefined || matchAt(LIST_NUMBER, text, at) !== undefined;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}
