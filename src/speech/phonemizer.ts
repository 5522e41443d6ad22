/** A clause of a text as espeak speaks it. */
export interface PhonemeClause {
  /** IPA phonemes with stress marks, without the closing punctuation. */
  readonly phonemes: string;
  /** What ended the clause in the text: one of `. , : ; ! ?`, or empty. */
  readonly terminator: string;
  /** Whether the clause ends a sentence. */
  readonly endsSentence: boolean;
}

/** Turns text into phonemes, in a thread of its own. */
export interface Phonemizer {
  /**
   * Phonemes of a text, clause by clause.
   * @param text Any text; an empty answer means that there is nothing to say.
   * @param voice espeak voice, for example `en-us`.
   */
  phonemize(text: string, voice: string): Promise<PhonemeClause[]>;
  /** Resolves when it has stopped by itself or by `close()`; it never comes back. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
}
