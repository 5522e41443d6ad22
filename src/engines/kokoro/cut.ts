import type { SpokenSymbol } from './spoken-symbols.js';

/**
 * Tokens of the pieces that a request's first sentence is spoken in. Nothing sounds before the whole
 * of a piece is computed, and on one core that takes as long as it sounds: the first piece is short,
 * and later ones grow no faster than there is time for.
 */
const FIRST_SENTENCE_TOKENS = [60, 120] as const;
/** Of any other piece. Above some 450 tokens Kokoro rushes; time to compute and memory grow too. */
const MAX_TOKENS = 200;
/** Slow speech takes longer to compute and more memory: its pieces are shorter, but not than this. */
const SLOWEST_MAX_TOKENS = 50;
/** A first part that is shorter sounds torn off. */
const MIN_FIRST_TOKENS = 25;
const MIN_FIRST_WORDS = 4;
/** From here on the first clause end is taken; before, only if there is no better. */
const GOOD_FIRST_TOKENS = 30;
/** A last piece is not shorter: it would sound torn off, so the one before may be longer. */
const MIN_LAST_TOKENS = 20;

/** No piece is longer; the last symbol is the comma of one that is cut between words. */
export const LONGEST_PART_TOKENS = MAX_TOKENS + MIN_LAST_TOKENS + 1;

const CLAUSE_MARK = /[;:,.!?—…]/u;
/** What is said, not a mark; `ː` and the arrows of Chinese tones belong to it. */
const LETTER = /[\p{L}\p{M}→↗↘↓]/u;
const SPACE = ' ';

/** A part of a piece that is spoken in one go. */
export interface SpokenPart {
  readonly symbols: readonly SpokenSymbol[];
  /** What ends with it: the piece itself, one of its clauses, or only a word. */
  readonly ends: 'piece' | 'clause' | 'word';
}

/**
 * Cuts the symbols of a piece for the engine: after clauses where there are any, else between words,
 * and inside a word only if it is longer than any piece may be. A cut between words gets a comma,
 * without which the model swallows the end of the last word.
 * @param isFirst Whether somebody waits in silence for it.
 * @param pace 1 = the voice's own, 0.5 = half as fast.
 */
export function cutSymbols(
  symbols: readonly SpokenSymbol[],
  isFirst: boolean,
  pace = 1,
): SpokenPart[] {
  const parts: SpokenPart[] = [];
  let rest = trimmed(symbols);
  while (rest.length > 0) {
    const cut = nextCut(rest, pace, isFirst ? parts.length : undefined);
    const head = trimmed(rest.slice(0, cut));
    rest = trimmed(rest.slice(cut));
    parts.push(rest.length === 0 ? { symbols: head, ends: 'piece' } : closed(head));
  }
  return parts.filter((part) => part.symbols.some(({ symbol }) => LETTER.test(symbol)));
}

/** How many symbols the next piece takes. `index` is its number in a request's first sentence. */
function nextCut(rest: readonly SpokenSymbol[], pace: number, index: number | undefined): number {
  const usual = (index === undefined ? undefined : FIRST_SENTENCE_TOKENS[index]) ?? MAX_TOKENS;
  const most = Math.max(SLOWEST_MAX_TOKENS, Math.round(usual * Math.min(1, pace)));
  if (index === 0) return firstCut(rest, most);
  if (rest.length <= most + MIN_LAST_TOKENS) return rest.length;
  const ends = clauseEnds(rest).filter((end) => end > most / 2 && end <= most);
  return ends.at(-1) ?? lastSpace(rest, most) ?? most;
}

function firstCut(rest: readonly SpokenSymbol[], most: number): number {
  const longestFirst = Math.min(most, rest.length - MIN_LAST_TOKENS);
  const ends = clauseEnds(rest).filter(
    (end) =>
      end >= MIN_FIRST_TOKENS && end <= longestFirst && wordsIn(rest, end) >= MIN_FIRST_WORDS,
  );
  const good = ends.find((end) => end >= GOOD_FIRST_TOKENS) ?? ends.at(-1);
  if (good !== undefined) return good;
  if (rest.length <= most + MIN_LAST_TOKENS) return rest.length;
  return lastSpace(rest, most) ?? most;
}

/** Places after a mark that ends a clause, and the space behind it. */
function clauseEnds(symbols: readonly SpokenSymbol[]): number[] {
  return symbols.flatMap(({ symbol }, index) => {
    const isEnd = symbol === SPACE && CLAUSE_MARK.test(symbols[index - 1]?.symbol ?? '');
    return isEnd ? [index + 1] : [];
  });
}

function lastSpace(symbols: readonly SpokenSymbol[], most: number): number | undefined {
  const space = symbols.slice(0, most).findLastIndex(({ symbol }) => symbol === SPACE);
  return space > 0 ? space + 1 : undefined;
}

function wordsIn(symbols: readonly SpokenSymbol[], end: number): number {
  return symbols.slice(0, end).filter(({ symbol }) => symbol === SPACE).length;
}

function closed(symbols: readonly SpokenSymbol[]): SpokenPart {
  if (!LETTER.test(symbols.at(-1)?.symbol ?? '')) return { symbols, ends: 'clause' };
  return { symbols: [...symbols, { symbol: ',', word: undefined }], ends: 'word' };
}

function trimmed(symbols: readonly SpokenSymbol[]): SpokenSymbol[] {
  const first = symbols.findIndex(({ symbol }) => symbol !== SPACE);
  const last = symbols.findLastIndex(({ symbol }) => symbol !== SPACE);
  return first < 0 ? [] : symbols.slice(first, last + 1);
}
