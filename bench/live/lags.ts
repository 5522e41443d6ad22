import { matchWords } from '../marks/match-words.js';
import type { TimedWord } from '../marks/match-words.js';
import type { Delta, HeardItem } from './heard-items.js';
import type { Turn } from './script.js';

/** A word on the screen, and when it came there. */
export interface ShownWord {
  readonly word: string;
  readonly atMs: number;
}

/** How long after their last sample the words of a turn came. */
export interface WordLags {
  /** Of all words that were understood, in order. */
  readonly lagsMs: readonly number[];
  /** The same without the last word, which waits for the end of the silence. */
  readonly innerLagsMs: readonly number[];
  /** Words that never came. */
  readonly unmatched: number;
}

/** Items that begin so long before a turn may still be its: padding, and a cautious detector. */
const EARLY_SECONDS = 0.7;

/**
 * Takes a text that comes piece by piece apart into words. A word is there when the piece has come
 * that has its last letter or digit; its punctuation may come later.
 */
export function shownWords(deltas: readonly Delta[]): readonly ShownWord[] {
  const text = deltas.map((delta) => delta.text).join('');
  const ends: number[] = [];
  let length = 0;
  for (const delta of deltas) ends.push((length += delta.text.length));
  return [...text.matchAll(/\S+/g)].flatMap(({ 0: word, index }) => {
    const letters = word.replace(/[^\p{L}\p{N}]+$/u, '').length;
    const piece = ends.findIndex((end) => end >= index + letters);
    const atMs = deltas[piece]?.atMs;
    return letters === 0 || atMs === undefined ? [] : [{ word, atMs }];
  });
}

/** Finds when each spoken word was shown, against when its last sample was sent. */
export function wordLags(
  told: readonly TimedWord[],
  shown: readonly ShownWord[],
  sentAtMs: (seconds: number) => number,
): WordLags {
  const heard = shown.map(({ word, atMs }) => ({ word, atMs, start: 0, end: 0 }));
  const pairs = matchWords(told, heard);
  const lagOf = ([word, { atMs }]: (typeof pairs)[number]): number => atMs - sentAtMs(word.end);
  const last = told.at(-1);
  return {
    lagsMs: pairs.map(lagOf),
    innerLagsMs: pairs.filter(([word]) => word !== last).map(lagOf),
    unmatched: told.length - pairs.length,
  };
}

/**
 * Gives each turn the items that are its, by where they begin in the stream. Those that nobody can
 * place come last.
 */
export function itemsByTurn(
  turns: readonly Turn[],
  items: readonly HeardItem[],
): { readonly placed: readonly (readonly HeardItem[])[]; readonly stray: readonly HeardItem[] } {
  const turnAt = (item: HeardItem): number =>
    turns.findLastIndex(
      ({ startSeconds }) => startSeconds - EARLY_SECONDS <= (item.startSeconds ?? -Infinity),
    );
  return {
    placed: turns.map((_, at) => items.filter((item) => turnAt(item) === at)),
    stray: items.filter((item) => turnAt(item) === -1),
  };
}
