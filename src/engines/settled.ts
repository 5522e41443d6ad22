/** A promise whose failure is seen when it is taken, and never as an unhandled rejection. */
export interface Settled<Result> {
  take(): Promise<Result>;
}

/** Lets something go on while nobody waits for it yet. */
export function settle<Result>(promise: Promise<Result>): Settled<Result> {
  promise.catch(() => {});
  return { take: () => promise };
}
