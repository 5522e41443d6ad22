import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Device } from '../../src/protocol/control.js';
import type { GpuProcess, GpuReading, GpuSnapshot } from '../../src/protocol/gpus.js';
import { processBytesOn, usedBytesOn } from '../../src/supervisor/snapshot-memory.js';
import { WorkerMemoryTracker } from '../../src/supervisor/worker-memory.js';
import { gpuOf, memoryOf, snapshotOf } from '../support/scripted-gpus.js';

const GIB = 2 ** 30;
const GPU: Device = { kind: 'gpu', index: 0, uuid: 'GPU-0', name: 'Test' };
const of = (pid: number, memoryBytes: number | null): GpuProcess => ({
  pid,
  memoryBytes,
  utilizationRatio: null,
});

describe("the memory of a worker's GPU in a snapshot", () => {
  const slice = { uuid: 'MIG-a', memory: memoryOf(3), processes: [of(7, 2)] };
  const snapshot = snapshotOf([
    gpuOf('GPU-0', { memory: memoryOf(9), processes: [of(5, 1), of(5, 2), of(6, null)] }),
    gpuOf('GPU-1', { memory: memoryOf(null), processes: [of(7, 2)], slices: [slice] }),
    gpuOf('GPU-2'),
  ]);

  it('is that of the GPU or of the slice', () => {
    const used = ['GPU-0', 'GPU-1', 'MIG-a', 'GPU-9'].map((uuid) => usedBytesOn(snapshot, uuid));
    expect(used).toEqual([9, undefined, 3, undefined]);
  });

  it('is that of all of its contexts, on the GPU or its slices, and unknown is not 0', () => {
    expect(processBytesOn(snapshot, 'GPU-0', 5)).toBe(3);
    expect(processBytesOn(snapshot, 'GPU-0', 6)).toBeUndefined();
    expect(processBytesOn(snapshot, 'GPU-0', 8)).toBeUndefined();
    expect(processBytesOn(snapshot, 'GPU-1', 7)).toBe(2);
    expect(processBytesOn(snapshot, 'MIG-a', 7)).toBe(2);
    expect(processBytesOn(snapshot, 'MIG-a', 5)).toBeUndefined();
    expect(processBytesOn(snapshot, 'GPU-2', 5)).toBeUndefined();
  });
});

describe("the account of a worker's memory", () => {
  let newest: GpuSnapshot | undefined;
  const lines: object[] = [];
  const leaks: string[] = [];
  const note = (fields: object, message: string): void => void lines.push({ ...fields, message });

  beforeEach(() => {
    newest = undefined;
    lines.length = 0;
    leaks.length = 0;
  });
  afterEach(() => void vi.useRealTimers());

  function trackerOn(device: Device): WorkerMemoryTracker {
    return new WorkerMemoryTracker({
      workerId: 'gpu-0',
      device,
      log: { debug: note, info: note, warn: note, error: note },
      snapshot: () => newest,
      onLeak: () => leaks.push('leak'),
      leakGrowthBytes: GIB,
      leakTiming: { minIntervalMs: 0, maxIntervalMs: 0, warmUpPoints: 0 },
    });
  }

  function look(tracker: WorkerMemoryTracker, pid: number | undefined, gpu: Partial<GpuReading>) {
    newest = snapshotOf([gpuOf('GPU-0', gpu)]);
    tracker.look(newest, pid);
  }

  it('follows the GPU through load, unload and the next load', () => {
    // All in one millisecond: what came first is known by order, not by the clock.
    vi.useFakeTimers({ toFake: ['Date'] });
    const tracker = trackerOn(GPU);
    look(tracker, undefined, { memory: memoryOf(GIB) });
    tracker.starting();
    look(tracker, 1, { memory: memoryOf(2 * GIB), processes: [of(1, GIB)] });
    tracker.ready(1);
    look(tracker, 1, { memory: memoryOf(4 * GIB), processes: [of(1, 3 * GIB)] });
    look(tracker, 1, { memory: memoryOf(6 * GIB), processes: [of(1, 5 * GIB)] });
    expect(tracker.describe(1)).toMatchObject({
      device: 'GPU-0',
      vramBytes: 5 * GIB,
      vramBeforeLoadBytes: GIB,
      vramAfterLoadBytes: 4 * GIB,
      vramAfterUnloadBytes: undefined,
    });
    tracker.ended();
    // The next begins at once: it has memory in the first snapshot without the last one.
    tracker.starting();
    look(tracker, 2, { memory: memoryOf(3 * GIB), processes: [of(2, 2 * GIB)] });
    tracker.ready(2);
    look(tracker, 2, { memory: memoryOf(4 * GIB), processes: [of(2, 3 * GIB)] });
    expect(tracker.describe(2)).toMatchObject({
      vramBeforeLoadBytes: GIB,
      vramAfterLoadBytes: 4 * GIB,
      vramAfterUnloadBytes: GIB,
    });
    const fields = { worker: 'gpu-0', device: 'GPU-0', vramBeforeBytes: GIB };
    expect(lines).toEqual([
      { ...fields, vramAfterBytes: 4 * GIB, message: 'a worker is loaded' },
      {
        ...fields,
        vramBeforeBytes: 6 * GIB,
        vramAfterBytes: GIB,
        message: 'a worker is unloaded',
      },
      { ...fields, vramAfterBytes: 4 * GIB, message: 'a worker is loaded' },
    ]);
  });

  it('tells what was in use before an unload as it was while the process served', () => {
    const tracker = trackerOn(GPU);
    const used = (gibs: number): void => look(tracker, 1, { memory: memoryOf(gibs * GIB) });
    tracker.starting();
    tracker.ready(1);
    used(6);
    // It was thought to hang, and comes back.
    tracker.leaving();
    tracker.ready(1);
    used(7);
    tracker.leaving();
    // On its way out it gives memory back.
    used(3);
    tracker.ended();
    look(tracker, undefined, { memory: memoryOf(GIB) });
    expect(tracker.describe(undefined)).toMatchObject({
      vramBeforeUnloadBytes: 7 * GIB,
      vramAfterUnloadBytes: GIB,
    });
  });

  it('does not take a look for later that began before', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000 });
    const tracker = trackerOn(GPU);
    tracker.starting();
    vi.setSystemTime(5_000);
    tracker.ready(1);
    vi.setSystemTime(6_000);
    const gpus = [gpuOf('GPU-0', { memory: memoryOf(GIB) })];
    tracker.look(snapshotOf(gpus, { collectMs: 2_000 }), 1);
    expect(tracker.describe(1).vramAfterLoadBytes).toBeUndefined();
    tracker.look(snapshotOf(gpus, { collectMs: 500 }), 1);
    expect(tracker.describe(1).vramAfterLoadBytes).toBe(GIB);
  });

  it('knows no GPU of a worker on the CPU, nor anything of a process that has ended', () => {
    const tracker = trackerOn({ kind: 'cpu' });
    tracker.starting();
    tracker.ready(1);
    look(tracker, 1, { memory: memoryOf(GIB), processes: [of(1, GIB)] });
    tracker.beat({ rssBytes: 5, openRequests: 0, runningSteps: [] });
    expect(tracker.describe(1)).toMatchObject({ device: 'cpu', rssBytes: 5, vramBytes: undefined });
    tracker.ended();
    expect(tracker.describe(undefined).rssBytes).toBeUndefined();
    // What a process said with its last breath may come after the news of its end.
    tracker.beat({ rssBytes: 5, openRequests: 0, runningSteps: [] });
    expect(tracker.describe(undefined).rssBytes).toBeUndefined();
    expect(lines).toEqual([]);
  });

  /** Has a process look idle so many times, each time with so much more on its GPU. */
  function grow(tracker: WorkerMemoryTracker, pid: number, openRequests = 0): void {
    for (let at = 1; at <= 12; at += 1) {
      look(tracker, pid, { processes: [of(pid, at * GIB)] });
      tracker.beat({ rssBytes: GIB, openRequests, runningSteps: [], servedRequests: at });
    }
  }

  it('warns of a leak of its GPU while it stands, and counts them over all processes', () => {
    const tracker = trackerOn(GPU);
    for (const pid of [1, 2]) {
      tracker.starting();
      // While it loads it grows, too.
      grow(tracker, pid);
      tracker.ready(pid);
      expect(tracker.warnings()).toEqual([]);
      grow(tracker, pid);
      expect(tracker.warnings()).toEqual([
        'gpu-0 may leak memory of its GPU: it has grown by 11264 MiB in 1 min of idle moments.',
      ]);
      expect(tracker.describe(pid).leakSuspicions).toEqual({ rss: 0, vram: pid });
      tracker.ended();
      expect(tracker.warnings()).toEqual([]);
    }
    expect(leaks).toHaveLength(2);
    const warned = { worker: 'gpu-0', resource: 'vram', message: 'a worker may leak memory' };
    expect(lines).toEqual([expect.objectContaining(warned), expect.objectContaining(warned)]);
  });

  it('does not look while requests are open', () => {
    const tracker = trackerOn(GPU);
    tracker.starting();
    tracker.ready(1);
    grow(tracker, 1, 1);
    expect(leaks).toEqual([]);
  });
});
