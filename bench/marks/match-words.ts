import { heardWords } from '../support/heard-words.js';

/** A word and when it is said, in seconds. */
export interface TimedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** The same word of two rows. */
export type WordPair<One extends TimedWord, Other extends TimedWord> = readonly [One, Other];

/**
 * Pairs the words that two rows have in common: the longest row of equal words, in order (the table
 * of Wagner and Fischer, 1974), without case and punctuation. Words without letters pair with none.
 */
export function matchWords<One extends TimedWord, Other extends TimedWord>(
  ones: readonly One[],
  others: readonly Other[],
): WordPair<One, Other>[] {
  const lengths = commonLengths(ones.map(plain), others.map(plain));
  const pairs: WordPair<One, Other>[] = [];
  let [row, column] = [0, 0];
  while (row < ones.length && column < others.length) {
    const [one, other] = [ones[row], others[column]];
    if (one && other && plain(one) !== '' && plain(one) === plain(other)) {
      pairs.push([one, other]);
      row += 1;
      column += 1;
    } else if ((lengths[row + 1]?.[column] ?? 0) >= (lengths[row]?.[column + 1] ?? 0)) row += 1;
    else column += 1;
  }
  return pairs;
}

function plain({ word }: TimedWord): string {
  return heardWords(word).join('');
}

/** How many words the rests of both rows have in common, by where the rests begin. */
function commonLengths(ones: readonly string[], others: readonly string[]): number[][] {
  const lengths = Array.from({ length: ones.length + 1 }, () =>
    Array.from({ length: others.length + 1 }, () => 0),
  );
  for (let row = ones.length - 1; row >= 0; row -= 1) {
    for (let column = others.length - 1; column >= 0; column -= 1) {
      const isSame = ones[row] !== '' && ones[row] === others[column];
      const longest = Math.max(lengths[row + 1]?.[column] ?? 0, lengths[row]?.[column + 1] ?? 0);
      const line = lengths[row];
      if (line) line[column] = isSame ? 1 + (lengths[row + 1]?.[column + 1] ?? 0) : longest;
    }
  }
  return lengths;
}
