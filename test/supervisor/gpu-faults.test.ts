import { beforeEach, describe, expect, it } from 'vitest';

import type { GpuReading, GpuSnapshot } from '../../src/protocol/gpus.js';
import { describeFault, type DeviceFault, verdictOn } from '../../src/supervisor/device-faults.js';
import { GpuFaults } from '../../src/supervisor/gpu-faults.js';
import { gpuOf, memoryOf, snapshotOf } from '../support/scripted-gpus.js';

describe('faults of GPUs', () => {
  let faults: GpuFaults;
  let told: DeviceFault[];
  const logged: string[] = [];
  const note = (_: object, message: string): void => void logged.push(message);

  beforeEach(() => {
    logged.length = 0;
    told = [];
    faults = new GpuFaults({ debug: note, info: note, warn: note, error: note });
    faults.subscribe((fault) => told.push(fault));
  });

  function look(gpus: readonly GpuReading[], known: Partial<GpuSnapshot> = {}): void {
    faults.take({ state: 'read', snapshot: snapshotOf(gpus, known) });
  }

  it('are told once for each loss, and again for the next', () => {
    look([gpuOf('GPU-0')]);
    look([], { lost: ['GPU-0'] });
    look([], { lost: ['GPU-0'] });
    expect(told).toEqual([{ uuid: 'GPU-0', lost: true }]);
    look([gpuOf('GPU-0')]);
    look([gpuOf('GPU-0')], { lost: ['GPU-0'] });
    expect(told).toHaveLength(2);
    expect(faults.missing).toEqual(['GPU-0']);
  });

  it('are GPUs that are not listed three times in a row, and no fewer', () => {
    look([gpuOf('GPU-0'), gpuOf('GPU-1')]);
    look([gpuOf('GPU-1')]);
    look([gpuOf('GPU-1')]);
    expect(faults.missing).toEqual(['GPU-0']);
    look([gpuOf('GPU-0'), gpuOf('GPU-1')]);
    for (let times = 0; times < 2; times += 1) look([gpuOf('GPU-1')]);
    expect(told).toEqual([]);
    look([gpuOf('GPU-1')]);
    expect(told).toEqual([{ uuid: 'GPU-0', lost: true }]);
  });

  it('say since when, from the second look on', () => {
    const xids = [{ uuid: 'GPU-0', xid: 13, atMs: 1 }];
    look([gpuOf('GPU-0')], { xids });
    const between = performance.now();
    look([gpuOf('GPU-0')], { xids });
    expect(told[0]).toEqual({ uuid: 'GPU-0', xid: 13 });
    expect(told[1]?.since).toBeLessThanOrEqual(between);
    expect(faults.xidCounts.get('GPU-0')?.get(13)).toBe(2);
    expect(logged).toEqual(['a GPU has reported an XID error']);
  });

  it('are an advice when it changes, not when it is not told for a while', () => {
    const actions = ['none', 'gpu_reset', null, 'gpu_reset', 'none', 'gpu_reset'] as const;
    for (const recoveryAction of actions) look([gpuOf('GPU-0', { recoveryAction })]);
    expect(told).toEqual([
      { uuid: 'GPU-0', recoveryAction: 'gpu_reset' },
      { uuid: 'GPU-0', recoveryAction: 'gpu_reset' },
    ]);
  });

  it('are told for the slices of a GPU, too, even when they are not told any more', () => {
    const slices = [{ uuid: 'MIG-a', memory: memoryOf(1), processes: [] }];
    look([gpuOf('GPU-0', { slices }), gpuOf('GPU-1')]);
    look([gpuOf('GPU-1')], { lost: ['GPU-0'] });
    expect(told.map(({ uuid }) => uuid)).toEqual(['GPU-0', 'MIG-a']);
  });

  it('are the end of service where a GPU is lost', () => {
    const fault: DeviceFault = { uuid: 'GPU-0', lost: true };
    expect(verdictOn(fault)).toBe('out_of_service');
    expect(describeFault(fault)).toBe('The GPU has fallen off the bus.');
  });
});
