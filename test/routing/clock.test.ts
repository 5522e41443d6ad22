import { describe, expect, it } from 'vitest';

import { MONOTONIC_CLOCK as clock } from '../../src/routing/clock.js';

/** How long a call took to come, by the clock itself. */
function elapsedMs(delayMs: number): Promise<number> {
  const startMs = clock.now();
  return new Promise((resolve) => {
    clock.after(delayMs, () => resolve(clock.now() - startMs));
  });
}

describe('the process’s clock', () => {
  it('never calls before the time is over by its own count', async () => {
    const calls: Promise<number>[] = [];
    for (let n = 0; n < 500; n += 1) {
      calls.push(elapsedMs(5));
      // Timers count in whole milliseconds: start them at any part of one.
      const untilMs = clock.now() + ((n * 7) % 10) / 10;
      while (clock.now() < untilMs);
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Math.min(...(await Promise.all(calls)))).toBeGreaterThanOrEqual(5);
  });

  it('does not call at once when the longest time that settings may have is asked for', async () => {
    let isCalled = false;
    const stop = clock.after(2 ** 31 - 1, () => (isCalled = true));
    await elapsedMs(20);
    stop();
    expect(isCalled).toBe(false);
  });

  it('does not call when it is told not to', async () => {
    let isCalled = false;
    clock.after(1, () => (isCalled = true))();
    await elapsedMs(5);
    expect(isCalled).toBe(false);
  });
});
