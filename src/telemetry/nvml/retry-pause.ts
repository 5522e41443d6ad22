const FIRST_MS = 1_000;

/** How long to leave a library alone that fails again and again: twice as long each time. */
export class RetryPause {
  readonly #longestMs: number;
  #failures = 0;
  #untilMs = -Infinity;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Whether it is not yet time to try again. */
  lasts(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** After a failure. The first one in a row makes no pause: the next look may well succeed. */
  begin(nowMs: number): void {
    const pauseMs = this.#failures === 0 ? 0 : FIRST_MS * 2 ** this.#failures;
    this.#untilMs = nowMs + Math.min(this.#longestMs, pauseMs);
    this.#failures += 1;
  }

  /** After a success. */
  end(): void {
    this.#failures = 0;
  }
}
