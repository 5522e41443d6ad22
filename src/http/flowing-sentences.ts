import { sentenceSpans } from '../speech/sentences.js';

/** A sentence that has not ended after so many characters is cut at a clause; in UTF-16 units. */
const LONGEST_UNFINISHED = 400;
/** And here at the latest, even within a word. */
const LONGEST_WITHOUT_SPACE = 500;
/** A clause that is cut off is not shorter. */
const SHORTEST_CLAUSE = 100;
const SPACE = /\s/u;
/** A half of a surrogate pair may be one of a letter. */
const LETTER = /[\p{L}\p{N}\ud800-\udfff]/u;
/** Scripts without spaces between words. */
const IDEOGRAPH = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u;
/** Whatever a sentence may end with. */
const POSSIBLE_END = /[.!?…‼⁇⁈⁉。！？｡；।॥؟۔\n\r\u2028\u2029]/u;
/** Words after a mark with which it is looked at; the first whole one mostly says it all. */
const LOOKS_AFTER_MARK = 3;
const CLAUSE_END = /[,;:—–)\]»”"]\s|[，、；：」』）】]/gu;

/** How far a text can be spoken by now. */
export interface SentenceEnd {
  /** After the last character; in UTF-16 units. */
  readonly at: number;
  /** Whether a sentence ends there, or only a part of a very long one. */
  readonly endsSentence: boolean;
}

/**
 * Finds the ends of sentences in a text that comes in pieces. An end counts when the word after it is
 * there too, since that may say that none was meant (`Dr. Smith`, `am 3. Oktober`). What is found
 * does not depend on how the text was cut into pieces: it is looked at word by word.
 */
export class FlowingSentences {
  #start = 0;
  /** Characters that were looked at. */
  #seen = 0;
  /** How often a mark that was seen is still looked at. */
  #looks = 0;
  /** Whether anything that is said came after a mark, and was not looked at. */
  #hasWord = false;

  /**
   * The end of the next sentence; undefined if more text is needed to say. Texts grow only at their
   * end, but for what {@link FlowingSentences.forget} is told of.
   * @param text All of the text, with the sentences that were found before.
   */
  next(text: string): SentenceEnd | undefined {
    while (this.#seen < text.length) {
      const end = this.#look(text);
      if (end !== undefined) return this.#found(end);
    }
    return undefined;
  }

  /** Looks at one character more. */
  #look(text: string): SentenceEnd | undefined {
    const last = text.charAt(this.#seen);
    const isSpace = SPACE.test(last);
    this.#seen += 1;
    // White space before a sentence: there may be any amount of it.
    if (isSpace && this.#start === this.#seen - 1) this.#start = this.#seen;
    this.#hasWord ||= this.#looks > 0 && LETTER.test(last);
    const length = this.#seen - this.#start;
    const endsWord = length > 0 && (isSpace || IDEOGRAPH.test(last));
    const end =
      endsWord || length >= LONGEST_WITHOUT_SPACE
        ? this.#endIn(text.slice(this.#start, this.#seen))
        : undefined;
    if (POSSIBLE_END.test(last)) this.#looks = LOOKS_AFTER_MARK;
    return end;
  }

  /** The first so many characters have been taken from the text. */
  forget(characters: number): void {
    this.#start -= characters;
    this.#seen -= characters;
  }

  #endIn(unfinished: string): SentenceEnd | undefined {
    if (this.#looks > 0 && this.#hasWord) {
      this.#looks -= 1;
      this.#hasWord = false;
      const [first] = sentenceSpans(unfinished);
      const isSure = first !== undefined && unfinished.slice(first.end).trim() !== '';
      if (isSure) return { at: first.end, endsSentence: true };
    }
    if (unfinished.length < LONGEST_UNFINISHED) return undefined;
    return { at: clauseEnd(unfinished), endsSentence: false };
  }

  #found({ at, endsSentence }: SentenceEnd): SentenceEnd {
    this.#start += at;
    this.#seen = this.#start;
    this.#looks = 0;
    this.#hasWord = false;
    return { at: this.#start, endsSentence };
  }
}

/** The last place at which a text may be cut: after a clause, else after a word. */
function clauseEnd(text: string): number {
  const ends = [...text.matchAll(CLAUSE_END)].map(({ 0: mark, index }) => index + mark.length);
  const clause = ends.findLast((end) => end >= SHORTEST_CLAUSE);
  if (clause !== undefined) return clause;
  const space = text.trimEnd().search(/\s\S*$/u);
  if (space >= SHORTEST_CLAUSE) return space + 1;
  // Never between the halves of a surrogate pair.
  return /[\ud800-\udbff]$/u.test(text) ? text.length - 1 : text.length;
}
