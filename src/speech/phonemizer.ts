/** Where a word stands in a text, in UTF-16 units. */
export interface WordRange {
  readonly from: number;
  /** After its last unit. */
  readonly to: number;
}

/** A part of a clause's phonemes. */
export interface PhonemeStretch {
  readonly phonemes: string;
  /** Index of the word that they say; undefined: white space between words. */
  readonly word?: number;
}

/** A clause of a text as espeak speaks it. */
export interface PhonemeClause {
  /** IPA phonemes with stress marks, without the closing punctuation. */
  readonly phonemes: string;
  /** The same, divided among the words, if the question named them. */
  readonly stretches?: readonly PhonemeStretch[];
  /** What ended the clause in the text: one of `. , : ; ! ?`, or empty. */
  readonly terminator: string;
  /** Whether the clause ends a sentence. */
  readonly endsSentence: boolean;
}

/** Turns text into phonemes, in a thread of its own. */
export interface Phonemizer {
  /**
   * Phonemes of a text, clause by clause. They depend on nothing but text and voice.
   * @param text Any text; an empty answer means that there is nothing to say.
   * @param voice espeak voice, for example `en-us`.
   * @param words Words of the text, in order and without overlap, to divide the phonemes among; see
   *   `phonemizeRun`, which is the way to ask for it.
   */
  phonemize(text: string, voice: string, words?: readonly WordRange[]): Promise<PhonemeClause[]>;
  /** Resolves when it has stopped by itself or by `close()`; it never comes back. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
}
