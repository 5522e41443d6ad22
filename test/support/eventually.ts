import { vi } from 'vitest';

/** Waits until an expectation about other processes holds; fails with it if it never does. */
export function eventually<Result>(expectation: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(expectation, { timeout: 60_000, interval: 20 });
}
