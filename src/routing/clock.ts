/** Time as the router knows it; simulations bring their own. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  now(): number;
  /** Calls back after so many milliseconds, not before, unless the returned function was called. */
  after(delayMs: number, call: () => void): () => void;
}

/** Timers that are longer than this fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The process's monotonic clock. */
export const MONOTONIC_CLOCK: Clock = {
  now: () => performance.now(),
  after(delayMs, call) {
    // A timer counts whole milliseconds, so by `now` it may call almost one too early.
    const timer = setTimeout(call, Math.min(delayMs + 1, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
