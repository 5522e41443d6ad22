const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;
/** After this long in good health, earlier failures no longer count. */
const HEALTHY_AFTER_MS = 5 * 60_000;

/** How long to wait before a process is started again: 0.5 s, doubled at each failure, up to 60 s. */
export class Backoff {
  #failures = 0;

  /** Delay before the next start, with up to 20 % of jitter so that processes do not start in step. */
  nextDelayMs(lastedMs: number): number {
    if (lastedMs >= HEALTHY_AFTER_MS) this.#failures = 0;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    this.#failures += 1;
    return delayMs * (1 - Math.random() * 0.2);
  }

  /** A start that failed for a reason that will not go away is not tried again in a hurry. */
  longestDelayMs(): number {
    return LONGEST_DELAY_MS;
  }
}
