/**
 * What is said of a text, and in which order: the words between the readers of text (sentences,
 * numbers, markup) and the engines. Offsets into the request's text are UTF-16 units, as in JSON.
 */

/** Where something stands in the request's text. */
export interface TextSpan {
  readonly start: number;
  /** After its last unit. */
  readonly end: number;
}

/** A part of a text that is not said as it is written: `$5` is said "five dollars". */
export interface TextEdit extends TextSpan {
  /** Empty if nothing is said. */
  readonly spoken: string;
}

/** How markup wants a text to be read (SSML's `say-as`). */
export interface SayAs {
  /** For example `cardinal`, `ordinal`, `digits`, `date`, `time`, `telephone`, `characters`. */
  readonly interpretAs: string;
  /** For example `mdy` of a date. */
  readonly format?: string;
}

/** What a language's reader knows: numbers, dates, units, addresses, abbreviations. */
export interface TextFrontEnd {
  /**
   * Finds what is not said as it is written, in order and without overlap. Text that comes out has
   * letters and ordinary punctuation only.
   */
  edits(text: string): TextEdit[];
  /** Reads a text as markup wants it; undefined if it cannot be read so. */
  sayAs(text: string, as: SayAs): string | undefined;
}

/** A word of the source and what is said for it, which may be several words. */
export interface SpokenWord {
  /** Its place in the run's `text`. */
  readonly from: number;
  readonly to: number;
  /** Its place in the request's text. */
  readonly source: TextSpan;
}

/** Words of one language, in one go. */
export interface TextRun {
  readonly kind: 'text';
  /** Primary language, for example `en` or `zh`. */
  readonly language: string;
  /** As it is said, with punctuation: numbers, dates and signs are written out. */
  readonly text: string;
  /**
   * In order, without overlap; what no word covers is white space and punctuation. None if the run is
   * only the punctuation after phonemes.
   */
  readonly words: readonly SpokenWord[];
}

/** Phonemes that markup gave (SSML's `phoneme`, IPA). */
export interface PhonemeRun {
  readonly kind: 'phonemes';
  readonly ipa: string;
  readonly source: TextSpan;
}

/** A part of a {@link SpokenPiece}. */
export type SpokenRun = TextRun | PhonemeRun;

/** What an engine speaks in one go: a sentence, or a part of one up to a break or a change of pace. */
export interface SpokenPiece {
  /** Which sentence it belongs to, counted from 0. */
  readonly sentence: number;
  readonly source: TextSpan;
  /** Empty in a first piece that is only a pause, where markup begins with one. */
  readonly runs: readonly SpokenRun[];
  /** Factor on the pace, from markup; 1 = none, 2 = twice as fast. */
  readonly rate: number;
  /** Silence after it; undefined = the voice's own pause if it ends its sentence, none otherwise. */
  readonly pauseSeconds: number | undefined;
  readonly endsSentence: boolean;
}

/** How a text is read. */
export interface ScriptOptions {
  /** Primary language of the voice, or of the text where the client names one. */
  readonly language: string;
  /** Primary languages that the voice can speak, `language` among them. */
  readonly speaks: readonly string[];
  /** What the text is written in, if it is no plain text. */
  readonly markup?: 'ssml' | undefined;
}
