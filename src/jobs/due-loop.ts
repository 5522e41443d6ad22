import type { Logger } from '../telemetry/log.js';

/** How soon is tried again after the database itself has failed. */
const AFTER_FAILURE_MS = 5_000;
/** Clocks step back now and then; that must not make a loop of it. */
const LEAST_DELAY_MS = 20;
/** Node's longest timer, about. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Work that becomes due. */
export interface DueWork<Item> {
  /** Takes something that is due, so that nobody else takes it. */
  take(): Promise<Item | undefined>;
  /** When the next will be due, by the wall clock; undefined = nothing waits. */
  nextAtMs(): Promise<number | undefined>;
  /** Does it, and stores how it went. When the signal aborts, it ends soon. */
  run(item: Item, signal: AbortSignal): Promise<void>;
}

/** How a loop works. */
export interface DueLoopOptions {
  /** What is done at the same time, at most. */
  readonly parallel: number;
  readonly log: Logger;
}

/** Does work when it becomes due, a bounded number of pieces at once. */
export class DueLoop<Item> {
  readonly #work: DueWork<Item>;
  readonly #options: DueLoopOptions;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #again = false;

  constructor(work: DueWork<Item>, options: DueLoopOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** Something may be due. */
  wake(): void {
    this.#again = true;
    if (this.#turn || this.#stopped.signal.aborted) return;
    this.#turn = this.#takeTurn().finally(() => {
      this.#turn = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Ends all that runs, and resolves when it has ended. Idempotent. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#again = false;
    this.#stopped.abort();
    await this.#turn;
    clearTimeout(this.#timer);
    await Promise.all(this.#running);
  }

  async #takeTurn(): Promise<void> {
    this.#again = false;
    clearTimeout(this.#timer);
    try {
      await this.#fill();
      if (this.#running.size >= this.#options.parallel) return;
      const atMs = await this.#work.nextAtMs();
      if (atMs !== undefined) this.#wakeIn(atMs - Date.now());
    } catch (err) {
      this.#options.log.error({ err }, 'work that is due could not be looked up');
      this.#wakeIn(AFTER_FAILURE_MS);
    }
  }

  async #fill(): Promise<void> {
    while (!this.#stopped.signal.aborted && this.#running.size < this.#options.parallel) {
      const item = await this.#work.take();
      if (item === undefined) return;
      const running = this.#run(item).finally(() => {
        this.#running.delete(running);
        this.wake();
      });
      this.#running.add(running);
    }
  }

  async #run(item: Item): Promise<void> {
    try {
      await this.#work.run(item, this.#stopped.signal);
    } catch (err) {
      this.#options.log.error({ err }, 'how a piece of work went could not be stored');
    }
  }

  #wakeIn(delayMs: number): void {
    if (this.#stopped.signal.aborted) return;
    const timer = setTimeout(
      () => this.wake(),
      Math.min(Math.max(delayMs, LEAST_DELAY_MS), MAX_DELAY_MS),
    );
    this.#timer = timer.unref();
  }
}
