/** Time as the router knows it; simulations bring their own. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  now(): number;
  /** Calls back after so many milliseconds, not before, unless the returned function was called. */
  after(delayMs: number, call: () => void): () => void;
}

/** The process's monotonic clock. */
export const MONOTONIC_CLOCK: Clock = {
  now: () => performance.now(),
  after(delayMs, call) {
    // A timer counts whole milliseconds, so by `now` it may call almost one too early.
    const timer = setTimeout(call, delayMs + 1);
    return () => clearTimeout(timer);
  },
};
