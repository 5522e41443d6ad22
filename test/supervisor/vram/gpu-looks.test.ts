import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { GpuReport, GpuSnapshot } from '../../../src/protocol/gpus.js';
import { GpuLooks } from '../../../src/supervisor/vram/gpu-looks.js';
import { gpuOf, snapshotOf } from '../../support/scripted-gpus.js';

const read = (atMs: number, collectMs = 0): Extract<GpuReport, { state: 'read' }> => ({
  state: 'read',
  snapshot: snapshotOf([gpuOf('GPU-0')], { atMs, collectMs }),
});

describe('who waits for a look at the GPUs', () => {
  let newest: GpuSnapshot | undefined;
  let isWatched = true;

  beforeEach(() => {
    newest = undefined;
    isWatched = true;
  });

  afterEach(() => void vi.useRealTimers());

  const looks = (timeoutMs = 60_000): GpuLooks =>
    new GpuLooks({ newest: () => newest, isWatched: () => isWatched, timeoutMs });

  it('has the newest if that began late enough, else the next that does', async () => {
    const waiting = looks();
    newest = read(100, 10).snapshot;
    expect(await waiting.next(89)).toBe(newest);
    const next = waiting.next(90);
    waiting.take(read(100, 10));
    const good = read(110, 10);
    waiting.take(good);
    expect(await next).toBe(good.snapshot);
  });

  it('has none where nobody looks, and none when a look fails or there is no driver', async () => {
    const waiting = looks();
    for (const report of [
      { state: 'failed', reason: 'no' },
      { state: 'absent', reason: 'no' },
    ] as const) {
      const next = waiting.next(0);
      waiting.take(report);
      expect(await next).toBeUndefined();
    }
    isWatched = false;
    expect(await waiting.next(0)).toBeUndefined();
  });

  it('waits in vain once, and again only when it is looked again', async () => {
    vi.useFakeTimers();
    const waiting = looks();
    const inVain = waiting.next(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await inVain).toBeUndefined();
    // No clock moves: this one does not wait.
    expect(await waiting.next(0)).toBeUndefined();
    waiting.take(read(100));
    const next = waiting.next(100);
    const good = read(101);
    waiting.take(good);
    expect(await next).toBe(good.snapshot);
    expect(vi.getTimerCount()).toBe(0);
  });
});
