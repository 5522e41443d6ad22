import { normalWords } from './normal-words.js';

/** Errors of a transcript, and of how many words. */
export interface WordErrors {
  /** Words substituted, left out and put in. */
  readonly errors: number;
  /** Words of the reference, after normalisation. */
  readonly words: number;
}

/**
 * Counts the errors of a transcript by the cheapest alignment with its reference (Wagner and
 * Fischer, 1974). A compound written as one word or as two is no error: `sun flower` = `sunflower`.
 */
export function wordErrors(reference: string, transcript: string): WordErrors {
  const said = normalWords(reference);
  return { errors: misses(said, normalWords(transcript)), words: said.length };
}

/** Errors by words of many transcripts together, in percent; long ones count for more. */
export function errorPercent(all: readonly WordErrors[]): number {
  const total = (figure: keyof WordErrors): number =>
    all.reduce((before, one) => before + one[figure], 0);
  return (100 * total('errors')) / total('words');
}

function misses(said: readonly string[], heard: readonly string[]): number {
  let older: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: heard.length + 1 }, (_, column) => column);
  for (let line = 1; line <= said.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= heard.length; column += 1) {
      const [one, other] = [said[line - 1] ?? '', heard[column - 1] ?? ''];
      const change = (row[column - 1] ?? 0) + (one === other ? 0 : 1);
      const cheapest = Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1);
      const isSplit = one === `${heard[column - 2]}${other}`;
      const isJoined = other === `${said[line - 2]}${one}`;
      next.push(
        Math.min(
          cheapest,
          isSplit ? (row[column - 2] ?? Infinity) : Infinity,
          isJoined ? (older[column - 1] ?? Infinity) : Infinity,
        ),
      );
    }
    older = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
