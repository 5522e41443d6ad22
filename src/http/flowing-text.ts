import { cleanText } from '../protocol/clean-text.js';
import { FlowingSentences } from './flowing-sentences.js';
import { codePoints } from './validate.js';

/** A text of one request at most, but for its last sentence; in UTF-16 units. */
const LONGEST_TEXT = 2_000;

/** A part of a flow that can be spoken. */
export interface FlowPart {
  readonly text: string;
  /** Characters of the flow before it, as users count them: code points. */
  readonly start: number;
  /** Whether a sentence ends with it. */
  readonly endsSentence: boolean;
}

/** Parts of a text, as they can be spoken. */
export interface FlowParts {
  /** Waits for the next part; undefined when the text has ended. */
  next(): Promise<FlowPart | undefined>;
}

/** Text that comes in any pieces, and leaves in whole sentences: as many as there are by then. */
export class FlowingText implements FlowParts {
  readonly #sentences = new FlowingSentences();
  #text = '';
  /** Characters that have left. */
  #gone = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  /** Whether somebody waits for text now. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Adds text; a half of a surrogate pair is made whole by the next piece. */
  push(text: string): void {
    this.#text += text;
    this.#wake?.();
  }

  /** No more comes: what is there is whole. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** See {@link FlowParts.next}. One reader at a time. */
  async next(): Promise<FlowPart | undefined> {
    for (;;) {
      const part = this.#take();
      if (part) return part;
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  #take(): FlowPart | undefined {
    let end = { at: 0, endsSentence: false };
    while (end.at < LONGEST_TEXT) {
      const next = this.#sentences.next(this.#text);
      if (!next) {
        if (this.#hasEnded) end = { at: this.#text.length, endsSentence: true };
        break;
      }
      end = next;
      // What comes after a part of a sentence has no pause before it.
      if (!end.endsSentence) break;
    }
    const isBlank = this.#text.slice(0, end.at).trim() === '';
    return isBlank ? undefined : this.#leave(end);
  }

  #leave({ at, endsSentence }: { readonly at: number; readonly endsSentence: boolean }) {
    const text = this.#text.slice(0, at);
    const part = { text: cleanText(text), start: this.#gone, endsSentence };
    this.#text = this.#text.slice(at);
    this.#gone += codePoints(part.text);
    this.#sentences.forget(at);
    return part;
  }
}

/** A text that is there as a whole and must not be cut, such as markup. */
export function wholePart(text: string): FlowParts {
  const parts = [{ text, start: 0, endsSentence: true }];
  return { next: async () => parts.shift() };
}
