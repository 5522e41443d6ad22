import { ChorusError } from '../../protocol/errors.js';

/** How long a fetch may take. */
export interface TimeLimits {
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  /** Without a byte from the other side. */
  readonly stallMs: number;
  /** Ends it from outside. */
  readonly signal?: AbortSignal | undefined;
}

/** The clocks of one fetch; `end()` them on every path. */
export class TimeBounds {
  readonly #controller = new AbortController();
  readonly #limits: TimeLimits;
  readonly #total: NodeJS.Timeout;
  readonly #stall: NodeJS.Timeout;
  readonly #onAbort: () => void;

  constructor(limits: TimeLimits) {
    const { timeoutMs, stallMs, signal } = limits;
    this.#limits = limits;
    this.#total = setTimeout(() => this.#stop(`was not done within ${timeoutMs} ms`), timeoutMs);
    this.#stall = setTimeout(() => this.#stop(`gave nothing for ${stallMs} ms`), stallMs);
    this.#onAbort = () => signal && this.#controller.abort(ChorusError.ofAbort(signal));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /** Aborts when time is over; the reason is a ChorusError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The other side gave something. */
  progress(): void {
    this.#stall.refresh();
  }

  /** Waits for something that cannot be aborted itself. */
  async wait<Value>(promise: Promise<Value>): Promise<Value> {
    const { signal } = this;
    if (signal.aborted) throw signal.reason;
    let onAbort: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops the clocks. */
  end(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#stall);
    this.#limits.signal?.removeEventListener('abort', this.#onAbort);
  }

  #stop(what: string): void {
    this.#controller.abort(new ChorusError('fetch_failed', `The address ${what}.`));
  }
}
