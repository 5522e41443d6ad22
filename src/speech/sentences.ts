import type { TextSpan } from './script.js';
import { belongsToWord } from './sentence-abbreviations.js';
import { afterBullet, LINE_BREAKS, lineEndsSentence, longestLine } from './sentence-lines.js';

/** French puts a space before its closing quotation mark. */
const CLOSERS = String.raw`["'”’»)\]}）」』】》〉]*(?:\s»(?!\S))?`;
/** Marks that may end a sentence, with the quotes and brackets that close after them, and line breaks. */
const POSSIBLE_END = new RegExp(
  `[.!?…‼⁇⁈⁉]+${CLOSERS}|[。！？｡；।॥؟۔]+${CLOSERS}|${LINE_BREAKS}`,
  'gu',
);
const WITHOUT_SPACES = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u;
const WORD_AT_END = /[\p{L}\p{N}][\p{L}\p{N}.'’ªº]*$/u;
/** No abbreviation is longer; in UTF-16 units. */
const LONGEST_WORD = 24;
/** How much of what follows a mark is looked at; in UTF-16 units. */
const LOOK_AHEAD = 24;

/**
 * Finds the sentences of a text, in order and without losing a letter or a digit. Stops of
 * abbreviations, initials, decimals and addresses end none, nor do ellipses within a sentence; the
 * ends of list items, headings and lines that were broken on purpose do.
 */
export function sentenceSpans(text: string): TextSpan[] {
  const facts = { longest: longestLine(text), usesCapitals: /\p{Lu}/u.test(text) };
  const spans: TextSpan[] = [];
  let start = 0;
  let lineStart = 0;
  for (const match of text.matchAll(POSSIBLE_END)) {
    const mark = { text, sentenceStart: start, lineStart, start: match.index, end: 0, ...facts };
    mark.end = match.index + match[0].length;
    const isLineBreak = /^\s/u.test(match[0]);
    if (isLineBreak) lineStart = mark.end;
    if (!(isLineBreak ? lineEndsSentence(mark) : markEndsSentence(mark))) continue;
    spans.push(trimmed(text, start, mark.end));
    start = mark.end;
  }
  spans.push(trimmed(text, start, text.length));
  return spans.filter((span) => span.end > span.start);
}

interface Mark {
  readonly text: string;
  readonly sentenceStart: number;
  readonly lineStart: number;
  readonly start: number;
  readonly end: number;
  readonly usesCapitals: boolean;
}

function markEndsSentence({ text, start, end, ...mark }: Mark): boolean {
  const marks = text.slice(start, end);
  if (/^[。！？｡；।॥؟۔]/u.test(marks)) return true;
  const before = text.slice(Math.max(mark.sentenceStart, start - LONGEST_WORD), start);
  const after = text.slice(end, end + LOOK_AHEAD);
  const isEllipsis = /^(?:\.\.|…)/u.test(marks);
  if (/^\S/u.test(after)) return !isEllipsis && WITHOUT_SPACES.test(after) && !/\d$/.test(before);
  const next = after.trimStart();
  const goesOn = /^["'“‘(]*\p{Ll}/u.test(next);
  if (/[!?‼⁇⁈⁉]/u.test(marks)) return !(goesOn && /["'”’»)\]]$/u.test(marks));
  const endsLine = /^[^\S\n\r]*[\n\r]/u.test(after);
  if (isEllipsis) return !goesOn || endsLine;
  const word = WORD_AT_END.exec(before)?.[0] ?? '';
  const line = text.slice(Math.max(mark.lineStart, start - 2 * LONGEST_WORD), start);
  const beginsLine = mark.lineStart > start - LONGEST_WORD && line.trim() === word;
  if (belongsToWord({ word, next, beginsLine, usesCapitals: mark.usesCapitals })) return false;
  // `. . .` is an ellipsis too.
  if (next.startsWith('.')) return false;
  return !goesOn || endsLine || !mark.usesCapitals;
}

/** Without the white space around it and the bullet before it. */
function trimmed(text: string, from: number, to: number): TextSpan {
  let start = skipSpace(text, from, to);
  const beginsLine = /(?:^|[\n\r\u2028\u2029])[^\S\n]*$/u.test(
    text.slice(Math.max(0, start - 9), start),
  );
  if (beginsLine) start = skipSpace(text, Math.min(to, afterBullet(text, start)), to);
  let end = to;
  while (end > start && /\s/.test(text.charAt(end - 1))) end -= 1;
  return { start, end };
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && /\s/.test(text.charAt(at))) at += 1;
  return at;
}
