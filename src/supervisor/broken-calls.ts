/** Calls that were broken off here, but whose steps may still run in their worker. */
export class BrokenCalls {
  readonly #waiting = new Map<string, () => void>();
  readonly #ask: (call: string) => void;
  #isOver = false;

  /** @param ask Has the worker say when a call has ended. */
  constructor(ask: (call: string) => void) {
    this.#ask = ask;
  }

  /** Resolves when the worker says that the call has ended, or has itself ended. */
  endOf(call: string): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(call, resolve);
      this.#ask(call);
    });
  }

  /** The worker says that a call has ended. */
  ended(call: string): void {
    this.#waiting.get(call)?.();
    this.#waiting.delete(call);
  }

  /** The worker is dead. */
  allEnded(): void {
    this.#isOver = true;
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}
