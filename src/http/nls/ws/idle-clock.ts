/**
 * Tells when a client has sent nothing for so long. Messages, of which there are many, only note the
 * time; and timers run before sockets are read, so a server that was held up reads first what has come
 * in the meantime.
 */
export class IdleClock {
  readonly #timeoutMs: number;
  readonly #onIdle: () => void;
  #lastMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #judgement: NodeJS.Immediate | undefined;
  #isStopped = false;

  /** @param onIdle Called each time that so much time has passed without a message. */
  constructor(timeoutMs: number, onIdle: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onIdle = onIdle;
    this.#wait(timeoutMs);
  }

  /** Something has come: the time begins anew. */
  active(): void {
    this.#lastMs = performance.now();
  }

  /** Tells nothing any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#judgement);
  }

  get #leftMs(): number {
    return this.#lastMs + this.#timeoutMs - performance.now();
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), Math.ceil(ms));
  }

  #look(): void {
    if (this.#leftMs > 0) this.#wait(this.#leftMs);
    else this.#judgement = setImmediate(() => this.#judge());
  }

  #judge(): void {
    if (this.#leftMs <= 0) {
      this.active();
      this.#onIdle();
    }
    if (!this.#isStopped) this.#wait(this.#leftMs);
  }
}
