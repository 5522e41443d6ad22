import type { TranscriptSegment } from '../protocol/requests.js';
import { MAX_COLUMNS, MAX_CUE_MS } from './subtitle-rules.js';
import { columnsOf } from './subtitle-width.js';

/** What stays together in a line: a word with its punctuation. Times are whole milliseconds. */
export interface Atom {
  readonly text: string;
  /** White space before it; not written at the beginning of a line. */
  readonly isSpaced: boolean;
  readonly columns: number;
  readonly startMs: number;
  readonly endMs: number;
  /** The recogniser began a new segment after it. */
  readonly endsSegment: boolean;
}

/** What atoms are made of. */
export type SpokenText = Pick<TranscriptSegment, 'text' | 'start' | 'end' | 'words'>;

/** A text that is spoken evenly from one time to the other. */
interface TimedText {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Scripts that write words without spaces between them. */
const UNSPACED_SCRIPT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff01-\uff60]/u;
/** Never first in a line: closing punctuation, small kana and signs that lengthen or repeat. */
const NEVER_FIRST = /^[\p{Pe}\p{Pf}\p{Po}\p{M}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ゝヽ]/u;
/** Never last in a line: opening punctuation. */
const NEVER_LAST = /[\p{Ps}\p{Pi}¿¡]$/u;
/** French sets a space before some marks; they stay with their word. */
const ONLY_MARKS = /^[\p{Pe}\p{Pf}!?:;,.…%]+$/u;
const ONLY_OPENING = /^[\p{Ps}\p{Pi}]+$/u;

/** What lasts longer is parted, whatever it is: it must leave room for others in its cue. */
const LONGEST_ATOM_MS = MAX_CUE_MS / 2;

/** Finds words where no spaces tell them. */
const wordSegmenter = new Intl.Segmenter('und', { granularity: 'word' });
const graphemeSegmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Cuts segments into atoms in order of time; a segment without words is spoken evenly. */
export function* atomsOf(segments: Iterable<SpokenText>): Generator<Atom> {
  let earliestMs = 0;
  for (const segment of segments) {
    const pieces = timedTexts(segment).flatMap(piecesOf);
    const atoms = glued(pieces).flatMap(fitted);
    for (const [index, atom] of atoms.entries()) {
      const startMs = Math.max(earliestMs, atom.startMs);
      const endMs = Math.max(startMs, atom.endMs);
      yield { ...atom, startMs, endMs, endsSegment: index === atoms.length - 1 };
      earliestMs = startMs;
    }
  }
}

function timedTexts({ text, start, end, words }: SpokenText): TimedText[] {
  if (words === undefined || words.length === 0) return [timed(text, start, end)];
  return words.map((word) => timed(word.word, word.start, word.end));
}

function timed(text: string, start: number, end: number): TimedText {
  return { text, startMs: Math.round(start * 1000), endMs: Math.round(end * 1000) };
}

/** Cuts a text at white space, and where words may end in scripts that have none. */
function piecesOf(whole: TimedText): Atom[] {
  const clock = new EvenClock(whole);
  return [...whole.text.matchAll(/(\s*)(\S+)/gu)].flatMap(([, space = '', run = '']) =>
    wordsOfRun(run).map((text, index) => clock.next(text, index === 0 && space !== '')),
  );
}

function wordsOfRun(run: string): string[] {
  if (!UNSPACED_SCRIPT.test(run)) return [run];
  return Array.from(wordSegmenter.segment(run), ({ segment }) => segment);
}

/** Deals the time of a text out to its parts by their width. */
class EvenClock {
  readonly #whole: TimedText;
  readonly #columns: number;
  #spoken = 0;

  constructor(whole: TimedText) {
    this.#whole = whole;
    this.#columns = Math.max(columnsOf(whole.text.replace(/\s+/gu, '')), 1);
  }

  next(text: string, isSpaced: boolean): Atom {
    const columns = columnsOf(text);
    const startMs = this.#now();
    this.#spoken += columns;
    return { text, isSpaced, columns, startMs, endMs: this.#now(), endsSegment: false };
  }

  #now(): number {
    const { startMs, endMs } = this.#whole;
    return Math.round(startMs + (endMs - startMs) * Math.min(this.#spoken / this.#columns, 1));
  }
}

/** Joins what no line break may part. */
function glued(pieces: readonly Atom[]): Atom[] {
  const atoms: Atom[] = [];
  for (const piece of pieces) {
    const last = atoms.at(-1);
    if (last === undefined || mayPart(last, piece)) atoms.push(piece);
    else atoms[atoms.length - 1] = joined(last, piece);
  }
  return atoms;
}

function mayPart(last: Atom, { text, isSpaced, endMs }: Atom): boolean {
  if (endMs - last.startMs > LONGEST_ATOM_MS) return true;
  const before = last.text;
  if (isSpaced) return !ONLY_MARKS.test(text) && !ONLY_OPENING.test(before);
  if (NEVER_FIRST.test(text) || NEVER_LAST.test(before)) return false;
  return UNSPACED_SCRIPT.test(lastOf(before)) || UNSPACED_SCRIPT.test(firstOf(text));
}

function joined(a: Atom, b: Atom): Atom {
  const text = `${a.text}${b.isSpaced ? ' ' : ''}${b.text}`;
  return { ...a, text, columns: columnsOf(text), endMs: b.endMs };
}

function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}

function lastOf(text: string): string {
  return /.$/su.exec(text.slice(-2))?.[0] ?? '';
}

/** Cuts what is wider than a line, such as an address, between characters. */
function fitted(atom: Atom): Atom[] {
  if (atom.columns <= MAX_COLUMNS) return [atom];
  const clock = new EvenClock(atom);
  return chunks(atom.text).map((text, index) => clock.next(text, index === 0 && atom.isSpaced));
}

function chunks(text: string): string[] {
  const found: string[] = [];
  let chunk = '';
  for (const { segment } of graphemeSegmenter.segment(text)) {
    if (chunk !== '' && columnsOf(chunk + segment) > MAX_COLUMNS) {
      found.push(chunk);
      chunk = '';
    }
    chunk += segment;
  }
  return [...found, chunk];
}
