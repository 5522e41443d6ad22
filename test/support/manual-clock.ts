import type { Clock } from '../../src/routing/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly call: () => void;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 0;
  /** By due time, among equals by when they were set. */
  readonly #timers: Timer[] = [];

  /** Timers that are set now. */
  get pending(): number {
    return this.#timers.length;
  }

  /** See {@link Clock.now}. */
  now(): number {
    return this.#nowMs;
  }

  /** See {@link Clock.after}. */
  after(delayMs: number, call: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + delayMs, call };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1]!.dueMs > timer.dueMs) at -= 1;
    this.#timers.splice(at, 0, timer);
    return () => this.#drop(timer);
  }

  /**
   * Lets time pass: every timer that falls due is called at its own moment.
   * @param onMoment Called after all timers of a moment, and what they settle, are through.
   */
  async advance(ms: number, onMoment: () => void = () => {}): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#timers[0]; next && next.dueMs <= untilMs; next = this.#timers[0]) {
      this.#nowMs = next.dueMs;
      this.#callDue();
      await settled();
      onMoment();
    }
    this.#nowMs = untilMs;
    await settled();
    onMoment();
  }

  #callDue(): void {
    for (let next = this.#timers[0]; next && next.dueMs <= this.#nowMs; next = this.#timers[0]) {
      this.#timers.shift();
      next.call();
    }
  }

  #drop(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }
}

/** Resolves when everything has run that was only waiting for promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
