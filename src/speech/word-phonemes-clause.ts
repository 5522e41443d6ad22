import { BORDER, placesHeard } from './word-phonemes-align.js';
import { TIE } from './espeak.js';
import type { ClosedClause } from './clauses.js';
import type { PhonemeStretch, WordRange } from './phonemizer.js';

/** Phonemes of a word alone, one by one, with {@link BORDER} where espeak takes it apart. */
export type PhonemesOfWord = (word: string) => readonly string[];

/** A clause and the words that it has. */
export interface WordedClause {
  readonly clause: ClosedClause;
  readonly words: readonly ClauseWord[];
}

/** A word, as far as it belongs to one clause. */
export interface ClauseWord {
  readonly index: number;
  /** Parts of it between white space; none if nothing of it can be said. */
  readonly parts: readonly string[];
}

/** A phoneme in a clause, or white space between its words. */
interface Unit {
  readonly text: string;
  readonly isSpace: boolean;
}

const SPACES = /(\s+)/u;
const SPOKEN_PART = /[\p{L}\p{N}\p{S}%&@#*]/u;
const MARKS_AT_EDGE = /^[^\p{L}\p{N}\p{S}]+|[^\p{L}\p{N}\p{S}]+$/gu;
/** A word that espeak never takes apart. */
const PLAIN_WORD = /^[\p{L}\p{M}]+(?:['’]\p{L}+)?$/u;

/**
 * Gives each clause the words of the text that it says, in order. Words after the last clause are
 * the last clause's.
 */
export function wordsOfClauses(
  text: string,
  clauses: readonly ClosedClause[],
  words: readonly WordRange[],
): WordedClause[] {
  let first = 0;
  return clauses.map((clause, place) => {
    const to = place === clauses.length - 1 ? Infinity : clause.to;
    const own: ClauseWord[] = [];
    for (const [after, word] of words.slice(first).entries()) {
      if (word.from >= to) break;
      const written = text.slice(Math.max(word.from, clause.from), Math.min(word.to, to));
      const parts = written.split(/\s+/u).filter((part) => SPOKEN_PART.test(part));
      // What is left of the word that the clause before ended in may be nothing but a mark.
      const isRest = word.from < clause.from;
      if (!isRest || parts.length > 0) own.push({ index: first + after, parts });
    }
    first = words.findIndex((word) => word.to > to);
    if (first === -1) first = words.length;
    return { clause, words: own };
  });
}

/** Divides a clause's phonemes among its words; see `phonemizeRun`. */
export function stretchesOf(
  { clause, words }: WordedClause,
  phonemesOf: PhonemesOfWord,
): PhonemeStretch[] {
  const units = unitsOf(clause.tied);
  const said = words.filter((word) => word.parts.length > 0);
  const owners = said.length > 0 ? ownersOf(units, said, phonemesOf) : [];
  const list = new StretchList(words.map((word) => word.index));
  for (const [index, unit] of units.entries())
    list.add(unit.text, said[owners[index] ?? -1]?.index);
  return list.finish();
}

/** Stretches in the making; words that nothing is added for get empty ones at their places. */
class StretchList {
  readonly #stretches: { phonemes: string; word?: number }[] = [];
  readonly #words: readonly number[];
  #begun = 0;

  constructor(words: readonly number[]) {
    this.#words = words;
  }

  /** @param word Not less than the one before. */
  add(phonemes: string, word: number | undefined): void {
    const last = this.#stretches.at(-1);
    if (last && last.word === word) last.phonemes += phonemes;
    else if (word === undefined) this.#stretches.push({ phonemes });
    else {
      this.#beginUpTo(word);
      this.#stretches.push({ phonemes, word });
      this.#begun += 1;
    }
  }

  finish(): PhonemeStretch[] {
    this.#beginUpTo(Infinity);
    return this.#stretches;
  }

  #beginUpTo(limit: number): void {
    for (const word of this.#words.slice(this.#begun)) {
      if (word >= limit) return;
      this.#stretches.push({ phonemes: '', word });
      this.#begun += 1;
    }
  }
}

/** A clause's phonemes one by one, with the white space between its words. */
function unitsOf(tied: string): Unit[] {
  return tied.split(SPACES).flatMap((piece) => {
    const isSpace = piece.trim() === '';
    const texts = isSpace ? [piece] : piece.split(TIE);
    return texts.filter((text) => text !== '').map((text) => ({ text, isSpace }));
  });
}

/** For each unit the place of the word that it says; undefined: white space between two words. */
function ownersOf(
  units: readonly Unit[],
  words: readonly ClauseWord[],
  phonemesOf: PhonemesOfWord,
): (number | undefined)[] {
  const owners =
    words.length === 1
      ? units.map(() => 0)
      : (oneToOne(units, words) ?? byAlignment(units, words, phonemesOf) ?? byLength(units, words));
  return units.map((unit, index) => {
    const isBetween = unit.isSpace && owners[index - 1] !== owners[index + 1];
    return isBetween ? undefined : owners[unit.isSpace ? index - 1 : index];
  });
}

/** As many words heard as written, none of which espeak takes apart: so none is run together. */
function oneToOne(units: readonly Unit[], words: readonly ClauseWord[]): number[] | undefined {
  const parts = words.flatMap((word, owner) => word.parts.map((part) => ({ part, owner })));
  const heard = units.filter((unit) => unit.isSpace).length + 1;
  if (heard !== parts.length) return undefined;
  if (!parts.every(({ part }) => PLAIN_WORD.test(part.replace(MARKS_AT_EDGE, ''))))
    return undefined;
  let place = 0;
  return units.map((unit) => {
    if (unit.isSpace) place += 1;
    return parts[place]?.owner ?? 0;
  });
}

/** By the phonemes that each word has alone, or by its letters if it has none. */
function byAlignment(
  units: readonly Unit[],
  words: readonly ClauseWord[],
  phonemesOf: PhonemesOfWord,
): number[] | undefined {
  const expected: string[] = [];
  const owners: number[] = [];
  const add = (symbols: readonly string[], owner: number): void => {
    expected.push(...symbols);
    owners.push(...symbols.map(() => owner));
  };
  for (const [owner, { parts }] of words.entries()) {
    for (const part of parts) {
      const alone = phonemesOf(part);
      if (expected.length > 0) add([BORDER], owner);
      add(alone.length > 0 ? alone : [...part.toLowerCase()], owner);
    }
  }
  const places = placesHeard(units.map(symbolOf), expected);
  return places?.map((place) => owners[place] ?? 0);
}

/** Symbols for the alignment, of a word alone as espeak gives it. */
export function symbolsOf(clauses: readonly string[]): string[] {
  return unitsOf(clauses.filter((tied) => tied !== '').join(' ')).map(symbolOf);
}

function symbolOf(unit: Unit): string {
  return unit.isSpace ? BORDER : unit.text;
}

/** In proportion to what is written. */
function byLength(units: readonly Unit[], words: readonly ClauseWord[]): number[] {
  const lengths = words.map(({ parts }) => parts.join('').length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let place = 0;
  let end = lengths[0] ?? 0;
  return units.map((_, index) => {
    while (((index + 0.5) / units.length) * total > end && place < words.length - 1) {
      place += 1;
      end += lengths[place] ?? 0;
    }
    return place;
  });
}
