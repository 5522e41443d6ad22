import { type LivePiece, livePieceBytes } from '../../protocol/live.js';
import { Wake } from './wake.js';

/** Speech that waits here while what came before it is heard; more stays with whoever sends it. */
const MAX_WAITING_BYTES = 128 * 1024;

/**
 * Takes speech as it comes, and gives all of it that has come at once: who is slow for a moment
 * catches up in one step.
 */
export class Inbox {
  readonly #pieces: AsyncIterator<LivePiece>;
  readonly #wake = new Wake();
  #waiting: LivePiece[] = [];
  #waitingBytes = 0;
  #hasEnded = false;
  #isClosed = false;
  #failure: { readonly caught: unknown } | undefined;

  constructor(audio: AsyncIterable<LivePiece>) {
    this.#pieces = audio[Symbol.asyncIterator]();
    void this.#fill();
  }

  /** Waits for speech and takes all that is there; undefined at its end. Throws its failure. */
  async take(): Promise<readonly LivePiece[] | undefined> {
    while (this.#waiting.length === 0 && !this.#hasEnded) await this.#wake.next();
    if (this.#failure) throw this.#failure.caught;
    if (this.#waiting.length === 0) return undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#wake.call();
    return taken;
  }

  /** Whether nobody wants what comes. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nobody takes any more. */
  close(): void {
    this.#isClosed = true;
    this.#hasEnded = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#wake.call();
    // A source in the middle of a wait answers when that is over; nobody waits for it.
    this.#pieces.return?.().catch(() => undefined);
  }

  async #fill(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const { done, value } = await this.#pieces.next();
        if (done) break;
        this.#waiting.push(value);
        this.#waitingBytes += livePieceBytes(value);
        this.#wake.call();
        while (this.#waitingBytes > MAX_WAITING_BYTES) await this.#wake.next();
      }
    } catch (caught) {
      this.#failure = { caught };
    }
    this.#hasEnded = true;
    this.#wake.call();
  }
}
