import type { WhisperTokens } from '../../models/whisper/info.js';
import type { Choice } from './choose.js';
import { loopLength } from './repetition.js';

/** What is written down of one window, token by token. */
export class Sequence {
  readonly #tokens: WhisperTokens;
  readonly #limit: number;
  readonly #written: number[] = [];
  readonly #logprobs: number[] = [];
  /** Of each token and, at last, of the end; empty where nobody asked. */
  readonly #queries: Float32Array[] = [];
  #endLogprob = 0;
  #loop = 0;
  #isOver = false;

  /**
   * @param limit Most tokens.
   * @param begun Tokens that it begins with, which count as certain.
   */
  constructor(tokens: WhisperTokens, limit: number, begun: readonly number[] = []) {
    this.#tokens = tokens;
    this.#limit = limit;
    this.#written.push(...begun);
    this.#logprobs.push(...begun.map(() => 0));
  }

  /** Another one that begins as this one does. */
  copy(): Sequence {
    const copy = new Sequence(this.#tokens, this.#limit);
    copy.#written.push(...this.#written);
    copy.#logprobs.push(...this.#logprobs);
    copy.#queries.push(...this.#queries);
    return copy;
  }

  /** Sum of the log probabilities of its tokens, and of the end if it came. */
  get score(): number {
    return this.#logprobs.reduce((total, one) => total + one, this.#endLogprob);
  }

  /** Tokens so far. */
  get written(): readonly number[] {
    return this.#written;
  }

  /** Whether the end came, or was made because of a loop or of too many tokens. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Goes on with a token.
   * @param query What the decoder asked of the audio when it chose it.
   */
  push({ token, logprob }: Choice, query?: Float32Array): void {
    if (query && token < this.#tokens.timestampBegin) this.#queries.push(query);
    if (token === this.#tokens.endOfText) {
      this.#endLogprob = logprob;
      this.#isOver = true;
      return;
    }
    this.#written.push(token);
    this.#logprobs.push(logprob);
    this.#loop = loopLength(this.#text());
    this.#isOver = this.#loop > 0 || this.#written.length >= this.#limit;
  }

  /** Queries of the text tokens that stay, and of the end if it came. */
  get queries(): readonly Float32Array[] {
    const end = this.#queries.length - this.#loop;
    return this.#loop === 0 ? this.#queries : this.#queries.slice(0, end);
  }

  /** What stays: a loop of text is left with its phrase said once. */
  get result(): {
    tokens: readonly number[];
    logprobs: readonly number[];
    avgLogprob: number;
    looped: boolean;
  } {
    const kept = this.#lengthWithoutLoop();
    return {
      tokens: this.#written.slice(0, kept),
      logprobs: this.#logprobs.slice(0, kept),
      avgLogprob: this.score / (this.#written.length + 1),
      looped: this.#loop > 0,
    };
  }

  /** Timestamps go on in a loop of text, so only the text is compared. */
  #text(): number[] {
    return this.#written.filter((id) => id < this.#tokens.timestampBegin);
  }

  #lengthWithoutLoop(): number {
    let left = this.#loop;
    let end = this.#written.length;
    while (left > 0) {
      end--;
      if ((this.#written[end] ?? 0) < this.#tokens.timestampBegin) left--;
    }
    return end;
  }
}
