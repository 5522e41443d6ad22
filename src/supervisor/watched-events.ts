/** Hears how a call goes, as far as its events tell. */
export interface CallWatcher<Event> {
  /** An event has come, and goes on to the reader. */
  onEvent(event: Event): Promise<void> | undefined;
  /** The call has failed; the reader learns of it after this. */
  onFailure(caught: unknown): Promise<void>;
  /** Nothing more is read: it has ended, failed or was left. Told once. */
  onEnd(): void;
}

/**
 * A call's events, passed on while somebody watches. Leaving is possible at any time, also while an
 * event is awaited, which a generator does not allow.
 */
export class WatchedEvents<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #events: AsyncIterator<Event>;
  readonly #watcher: CallWatcher<Event>;
  #isOver = false;

  constructor(events: AsyncIterable<Event>, watcher: CallWatcher<Event>) {
    this.#events = events[Symbol.asyncIterator]();
    this.#watcher = watcher;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event; throws what the call failed with. */
  async next(): Promise<IteratorResult<Event, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const next = await this.#events.next();
      if (next.done === true) this.#end();
      else {
        const noted = this.#watcher.onEvent(next.value);
        if (noted) await noted;
      }
      return next as IteratorResult<Event, undefined>;
    } catch (caught) {
      if (!this.#isOver) await this.#watcher.onFailure(caught);
      this.#end();
      throw caught;
    }
  }

  /** Leaves the call; what it still runs in the worker is broken off. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    await this.#events.return?.();
    this.#end();
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watcher.onEnd();
  }
}
