import { knownSymbols } from './symbols.js';

/** A symbol of Kokoro's vocabulary, and the word that it belongs to. */
export interface SpokenSymbol {
  readonly symbol: string;
  /** A place in the piece's list of words; undefined between words. */
  readonly word: number | undefined;
}

/** Symbols that are said in one go. */
export interface Sound {
  readonly symbols: string;
  /** Which of the piece's words they say, if that is known. */
  readonly word?: number | undefined;
  /** Where they stand in the text, if that is known. */
  readonly at?: { readonly from: number; readonly to: number } | undefined;
  /**
   * What stands before them where the text between this sound and the last has no mark, or where
   * the places are not known.
   */
  readonly before: string;
  /** Whether a clause begins with them: in the middle of one, a full stop only ends an abbreviation. */
  readonly startsClause: boolean;
}

/** Marks that Kokoro knows by another sign. */
const MARKS: readonly (readonly [found: RegExp, written: string])[] = [
  [/\.{3,}|…+/gu, '…'],
  [/[«《「『【]/gu, ' “'],
  [/[»》」』】]/gu, '” '],
  [/[（[{]/gu, ' ('],
  [/[）\]}]/gu, ') '],
  [/[，、]/gu, ', '],
  [/。/gu, '. '],
  [/！/gu, '! '],
  [/？/gu, '? '],
  [/：/gu, ': '],
  [/；/gu, '; '],
  [/[–―]/gu, '—'],
];
const NO_MARK = /[^;:,.!?—…"()“”\s]/gu;
const AFTER_LAST_WORD = /[^\p{L}\p{N}]*$/u;

/** Whether a symbol is a mark of the text and not a sound. */
export function isMark(symbol: string): boolean {
  return /[;:,.!?—…"()“”]/u.test(symbol);
}

/**
 * Puts the marks of a text between its sounds, as Kokoro was trained: each mark as it stands there,
 * and one space at most between two symbols.
 */
export function withMarks(text: string, sounds: readonly Sound[]): SpokenSymbol[] {
  const symbols: SpokenSymbol[] = [];
  let cursor = 0;
  for (const { symbols: own, at, word, before, startsClause } of sounds) {
    if (own === '') continue;
    const written = at === undefined ? '' : marksIn(text.slice(cursor, at.from));
    const marks = startsClause ? written : written.replaceAll('.', '');
    push(symbols, marks.trim() === '' ? before : marks);
    push(symbols, own, word);
    cursor = Math.max(cursor, at?.to ?? 0);
  }
  push(symbols, marksIn(text.slice(cursor)));
  return symbols;
}

/** Adds symbols, and no second space in a row. */
export function push(symbols: SpokenSymbol[], added: string, word?: number): void {
  for (const symbol of added) {
    const last = symbols.at(-1)?.symbol;
    if (symbol === ' ' && (last === undefined || last === ' ')) continue;
    symbols.push({ symbol, word: symbol === ' ' ? undefined : word });
  }
}

/** The marks that follow the last word of a text, as Kokoro knows them. */
function marksIn(text: string): string {
  const tail = AFTER_LAST_WORD.exec(text)?.[0] ?? '';
  const written = MARKS.reduce((marks, [found, mark]) => marks.replace(found, mark), tail);
  return knownSymbols(written.replace(NO_MARK, '').replace(/\s+/gu, ' '));
}
