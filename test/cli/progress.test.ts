import { describe, expect, test } from 'vitest';
import { PullProgress } from '../../src/cli/progress.js';
import type { PullEvent } from '../../src/models/pull/events.js';

function record(isTTY: boolean) {
  const written: string[] = [];
  const clock = { nowMs: 0 };
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) > 0 };
  const progress = new PullProgress(stream, () => clock.nowMs);
  const at = (nowMs: number, event: PullEvent): void => {
    clock.nowMs = nowMs;
    progress.report(event);
  };
  return { written, at, progress };
}

function bytes(receivedBytes: number): PullEvent {
  return { type: 'progress', model: 'm', receivedBytes, totalBytes: 100e6, source: 'npm' };
}

describe('progress', () => {
  test('is a bar with bytes, rate and time left on a terminal', () => {
    const { written, at } = record(true);
    at(0, bytes(0));
    at(1000, bytes(25e6));
    expect(written.at(-1)).toBe(
      '\r\u001b[Km [######..................]  25 %  25.0 MB of 100.0 MB  25.0 MB/s, 00:03 left  (npm)',
    );
  });

  test('is plain lines elsewhere: each tenth, or every two seconds', () => {
    const { written, at } = record(false);
    at(0, bytes(0));
    at(1000, bytes(5e6));
    at(2000, bytes(6e6));
    at(2100, bytes(7e6));
    at(3000, bytes(11e6));
    expect(written).toEqual([
      'm   0 %  0 B of 100.0 MB  (npm)\n',
      'm   6 %  6.0 MB of 100.0 MB  3.0 MB/s, 00:32 left  (npm)\n',
      'm  11 %  11.0 MB of 100.0 MB  3.7 MB/s, 00:25 left  (npm)\n',
    ]);
  });

  test('notes never run into the bar', () => {
    const { written, at } = record(true);
    at(0, bytes(0));
    at(10, { type: 'note', model: 'm', message: 'skipped npm' });
    at(20, { type: 'done', model: 'm', files: 1, bytes: 5, built: true });
    expect(written.slice(1)).toEqual([
      '\r\u001b[K',
      'm: skipped npm\n',
      'm: ready (1 file, 5 B), graphs built\n',
    ]);
  });
});
