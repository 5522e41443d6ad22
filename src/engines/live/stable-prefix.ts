/**
 * Local agreement: what two successive readings of a growing recording agree on is stable, and what is
 * stable is never taken back. The rule is LocalAgreement-2 of D. Liu, G. Spanakis and J. Niehues,
 * *Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial Hypothesis Selection*
 * (2020); D. Macháček, R. Dabre and O. Bojar brought it to Whisper (2023). A word that the engine is
 * sure of needs no second reading: that would be a third of a second and more later.
 */
import { sameWord, type HeardWord } from './heard-words.js';

/** Words that a reading must share with the stable ones, to be laid beside them. */
const ANCHOR_WORDS = 4;
/** A reading that has more or fewer words than the stable ones may be shifted by so many. */
const MAX_SHIFT = 6;

/** What is known of an open sentence. */
export interface Agreement {
  /** Never taken back. */
  readonly stable: readonly HeardWord[];
  /** The newest guess at what follows. */
  readonly tail: readonly HeardWord[];
}

/** The words of one open sentence, reading by reading. */
export class StablePrefix {
  readonly #stable: HeardWord[] = [];
  #last: readonly HeardWord[] = [];

  /** Words that are never taken back. */
  get stable(): readonly HeardWord[] {
    return this.#stable;
  }

  /**
   * Takes the next reading of the whole sentence so far. The last word of a reading is never stable:
   * what follows it may still change how it ends.
   * @param sure How many of its first words the engine is sure of.
   */
  push(reading: readonly HeardWord[], sure = 0): Agreement {
    const tail = this.#after(reading);
    const sureOfTail = sure - (reading.length - tail.length);
    const followed = tail.slice(0, -1);
    const agreed = Math.max(
      commonLength(this.#last, followed),
      Math.min(sureOfTail, followed.length),
    );
    // The later reading heard more of what follows: its case and punctuation are the better ones.
    this.#stable.push(...tail.slice(0, agreed));
    this.#last = tail.slice(agreed);
    return { stable: this.#stable, tail: this.#last };
  }

  /**
   * Takes the last reading; all words of the sentence, the stable ones as they were told, but with the
   * times that the last reading has for them.
   */
  finish(reading: readonly HeardWord[]): readonly HeardWord[] {
    const end = endOf(this.#stable, reading);
    const stable = this.#stable.map((told, at) => {
      const twin = reading[end - this.#stable.length + at];
      return twin && sameWord(told, twin) ? { ...twin, word: told.word } : told;
    });
    return [...stable, ...reading.slice(end)];
  }

  /** What a reading has after the stable words. */
  #after(reading: readonly HeardWord[]): readonly HeardWord[] {
    return reading.slice(endOf(this.#stable, reading));
  }
}

/** How many words two lists have in common from their beginning. */
function commonLength(a: readonly HeardWord[], b: readonly HeardWord[]): number {
  const limit = Math.min(a.length, b.length);
  for (let at = 0; at < limit; at++) {
    if (!sameWord(a[at], b[at])) return at;
  }
  return limit;
}

/**
 * Where the stable words end in a reading: where their last words stand, as many of them and as near
 * to their old place as can be; where none do, at the same number of words.
 */
function endOf(stable: readonly HeardWord[], reading: readonly HeardWord[]): number {
  const expected = Math.min(stable.length, reading.length);
  let best = { matches: 0, end: expected };
  for (let shift = 0; shift <= MAX_SHIFT; shift++) {
    for (const end of [stable.length - shift, stable.length + shift]) {
      const matches = end > reading.length ? 0 : matchesBefore(stable, reading, end);
      if (matches > best.matches) best = { matches, end };
    }
  }
  return best.end;
}

/** How many of the last stable words stand in a reading before a place, the nearest ones first. */
function matchesBefore(
  stable: readonly HeardWord[],
  reading: readonly HeardWord[],
  end: number,
): number {
  const limit = Math.min(ANCHOR_WORDS, stable.length, Math.max(0, end));
  for (let back = 1; back <= limit; back++) {
    if (!sameWord(stable[stable.length - back], reading[end - back])) return back - 1;
  }
  return limit;
}
