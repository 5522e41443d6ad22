import { sentenceSpans } from '../speech/sentences.js';

/** A sentence that has not ended after so many characters is cut at a clause; in UTF-16 units. */
const LONGEST_UNFINISHED = 400;
/** And here at the latest, even within a word. */
const LONGEST_WITHOUT_SPACE = 500;
/** A clause that is cut off is not shorter. */
const SHORTEST_CLAUSE = 100;
const SPACE = /\s/u;
/** Scripts without spaces between words. */
const IDEOGRAPH = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u;
/** Whatever a sentence may end with. */
const POSSIBLE_END = /[.!?…‼⁇⁈⁉。！？｡；।॥؟۔\n\r\u2028\u2029]/u;
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
  #mayEnd = false;

  /**
   * The end of the next sentence; undefined if more text is needed to say. Texts grow only at their
   * end, but for what {@link FlowingSentences.forget} is told of.
   * @param text All of the text, with the sentences that were found before.
   */
  next(text: string): SentenceEnd | undefined {
    while (this.#seen < text.length) {
      this.#seen += 1;
      const length = this.#seen - this.#start;
      const last = text.charAt(this.#seen - 1);
      const endsWord = SPACE.test(last) || IDEOGRAPH.test(last);
      if (endsWord || length >= LONGEST_WITHOUT_SPACE) {
        const end = this.#endIn(text.slice(this.#start, this.#seen));
        if (end !== undefined) return this.#found(end);
      }
      this.#mayEnd ||= POSSIBLE_END.test(last);
    }
    return undefined;
  }

  /** The first so many characters have been taken from the text. */
  forget(characters: number): void {
    this.#start -= characters;
    this.#seen -= characters;
  }

  #endIn(unfinished: string): SentenceEnd | undefined {
    if (this.#mayEnd) {
      const [first] = sentenceSpans(unfinished);
      const isSure = first !== undefined && unfinished.slice(first.end).trim() !== '';
      if (isSure) return { at: first.end, endsSentence: true };
    }
    if (unfinished.length < LONGEST_UNFINISHED || unfinished.trim() === '') return undefined;
    return { at: clauseEnd(unfinished), endsSentence: false };
  }

  #found({ at, endsSentence }: SentenceEnd): SentenceEnd {
    this.#start += at;
    this.#seen = this.#start;
    this.#mayEnd = false;
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
