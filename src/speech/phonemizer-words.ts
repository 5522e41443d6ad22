/** How many words are kept; some 200 bytes each. */
const MOST_WORDS = 10_000;
/** A longer word is a word in name only, and seldom comes again. */
const LONGEST_WORD = 40;

/** Remembers what words sound like alone: the ones that were asked for last. */
export class WordMemory {
  readonly #known = new Map<string, readonly string[]>();

  /**
   * @param find Computes it for a word that is not known; it must depend on voice and word alone.
   */
  get(voice: string, word: string, find: () => readonly string[]): readonly string[] {
    const key = `${voice} ${word}`;
    const found = this.#known.get(key) ?? find();
    if (word.length > LONGEST_WORD) return found;
    this.#known.delete(key);
    this.#known.set(key, found);
    if (this.#known.size > MOST_WORDS) this.#forgetOldest();
    return found;
  }

  #forgetOldest(): void {
    for (const key of this.#known.keys()) {
      this.#known.delete(key);
      return;
    }
  }
}
