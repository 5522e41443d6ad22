import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TimeBounds } from '../../../src/http/outbound/time-bounds.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who gives something now and then has all the time, and no more', () => {
  const bounds = new TimeBounds({ timeoutMs: 250, stallMs: 100 });
  vi.advanceTimersByTime(90);
  bounds.progress();
  vi.advanceTimersByTime(90);
  bounds.progress();
  expect(bounds.signal.aborted).toBe(false);
  vi.advanceTimersByTime(70);
  expect(bounds.signal.reason).toMatchObject({
    message: 'The address was not done within 250 ms.',
  });
});

test('who gives nothing has less', () => {
  const bounds = new TimeBounds({ timeoutMs: 250, stallMs: 100 });
  vi.advanceTimersByTime(100);
  expect(bounds.signal.reason).toMatchObject({ message: 'The address gave nothing for 100 ms.' });
  bounds.end();
  expect(vi.getTimerCount()).toBe(0);
});
