import { Wake } from './wake.js';

/** So many events may wait for their reader before nothing more is heard. */
const FULL = 64;

/** Events on their way to a reader who takes them in its own time. */
export class Outbox<Event> implements AsyncIterable<Event, undefined> {
  readonly #wake = new Wake();
  #events: Event[] = [];
  #hasEnded = false;
  #failure: { readonly caught: unknown } | undefined;

  /** Whether the reader is far behind. */
  get isFull(): boolean {
    return this.#events.length >= FULL && !this.#hasEnded;
  }

  /** Resolves when the reader has taken enough. */
  async room(): Promise<void> {
    while (this.isFull) await this.#wake.next();
  }

  push(event: Event): void {
    if (this.#hasEnded) return;
    this.#events.push(event);
    this.#wake.call();
  }

  /** Nothing follows. */
  end(): void {
    this.#hasEnded = true;
    this.#wake.call();
  }

  /** Nothing follows, for a reason; what was pushed before still comes. The first reason counts. */
  fail(caught: unknown): void {
    if (this.#hasEnded) return;
    this.#failure = { caught };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, undefined> {
    for (;;) {
      const events = this.#events;
      this.#events = [];
      this.#wake.call();
      yield* events;
      if (this.#events.length > 0) continue;
      if (this.#failure) throw this.#failure.caught;
      if (this.#hasEnded) return undefined;
      await this.#wake.next();
    }
  }
}
