import type { TranscriptWord } from '../../protocol/requests.js';
import type { LiveText } from './ports.js';

/** A word as one reading has it; where the engine knows when it was said, with that. */
export type HeardWord = Pick<TranscriptWord, 'word'> & Partial<TranscriptWord>;

/** Scripts that put no spaces between words: there each character stands for itself. */
const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const MARKS = '[\\p{M}\\p{P}]*';
const WORD = new RegExp(`\\s*(?:[${UNSPACED}]${MARKS}|[^\\s${UNSPACED}]+)`, 'gu');
const EDGE = /^[\s\p{P}\p{S}]+|[\s\p{P}\p{S}]+$/gu;

/**
 * The words of a reading, each with the space before it. They are cut in one way in all readings,
 * whatever words an engine has; where it has any, with their times.
 */
export function wordsOf({ text, words }: Pick<LiveText, 'text' | 'words'>): readonly HeardWord[] {
  if (!words) return [...text.matchAll(WORD)].map(([word]) => ({ word }));
  const said = words.map(({ word }) => word).join('');
  const places = new CharacterPlaces(words);
  return [...said.matchAll(WORD)].map((match) => {
    const [word] = match;
    const first = places.at(match.index + word.length - word.trimStart().length);
    const last = places.at(match.index + word.length - 1);
    return first && last ? { ...first, word, end: last.end } : { word };
  });
}

/** How many of the first words of a text lie within so many of its first characters. */
export function wordsWithin(words: readonly HeardWord[], length: number): number {
  let end = 0;
  const outside = words.findIndex(({ word }) => (end += word.length) > length);
  return outside === -1 ? words.length : outside;
}

/** Finds the word that a character belongs to, for characters that are asked for in their order. */
class CharacterPlaces {
  readonly #words: readonly TranscriptWord[];
  #index = 0;
  #from = 0;

  constructor(words: readonly TranscriptWord[]) {
    this.#words = words;
  }

  at(character: number): TranscriptWord | undefined {
    for (;;) {
      const word = this.#words[this.#index];
      if (!word || character < this.#from + word.word.length) return word;
      this.#from += word.word.length;
      this.#index += 1;
    }
  }
}

/** Whether two words are the same but for case and the punctuation around them. */
export function sameWord(a: HeardWord | undefined, b: HeardWord | undefined): boolean {
  return a !== undefined && b !== undefined && bare(a.word) === bare(b.word);
}

/** The text of words in a row. */
export function textOf(words: readonly HeardWord[]): string {
  return words
    .map(({ word }) => word)
    .join('')
    .trim();
}

/** A word of punctuation only is compared as it is. */
function bare(word: string): string {
  const inner = word.replaceAll(EDGE, '').normalize('NFC').toLowerCase();
  return inner === '' ? word.trim() : inner;
}
