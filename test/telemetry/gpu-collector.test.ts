import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';

import type { GpuReading, GpuSnapshot } from '../../src/protocol/gpus.js';
import { GpuCollector, type GpuFigures } from '../../src/telemetry/metrics/gpu-collector.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { gpuOf, memoryOf, snapshotOf } from '../support/scripted-gpus.js';

/** A GPU of which the driver says nothing but that it is there. */
const MUTE = gpuOf('GPU-mute', { name: 'Mute' });

function snapshot(gpus: readonly GpuReading[]): GpuSnapshot {
  return snapshotOf(gpus, { atMs: 1_000, collectMs: 4, driverVersion: '550.1' });
}

const QUIET = { isReadable: true, missing: 0, xidCounts: new Map(), xidLastAtMs: new Map() };
let figures: GpuFigures | undefined;
let metrics: Metrics;

beforeEach(() => {
  figures = undefined;
  metrics = new Metrics(pino({ level: 'silent' }));
  metrics.add(new GpuCollector(() => figures));
});

async function gpuSamples(): Promise<string[]> {
  const text = await metrics.scrape('text');
  return text.split('\n').filter((line) => line.startsWith('speech_gpu'));
}

describe("the GPUs' series", () => {
  it('are absent where there is no driver', async () => {
    expect(await gpuSamples()).toEqual([]);
  });

  it('are absent for what a GPU does not support, and never 0', async () => {
    figures = { ...QUIET, snapshot: snapshot([MUTE]), lastReadAtMs: 1_000, workerOf: () => 'w' };
    expect(await gpuSamples()).toEqual([
      'speech_gpu_info{gpu="GPU-mute",index="0",name="Mute",driver_version="550.1",cuda_version=""} 1',
      'speech_gpus_missing 0',
      'speech_gpu_last_collect_success 1',
      'speech_gpu_last_collect_timestamp_seconds 1',
      'speech_gpu_collect_duration_seconds 0.004',
    ]);
  });

  it('tell 0 from nothing', async () => {
    const gpu: GpuReading = {
      ...MUTE,
      utilizationRatio: { ...MUTE.utilizationRatio, gpu: 0 },
      energyJoules: 0,
      clockEventReasons: { sw_power_cap: false, hw_thermal_slowdown: true },
      recoveryAction: 'node_reboot',
    };
    figures = { ...QUIET, snapshot: snapshot([gpu]), workerOf: () => undefined };
    const samples = await gpuSamples();
    expect(samples).toEqual(
      expect.arrayContaining([
        'speech_gpu_utilization_ratio{gpu="GPU-mute"} 0',
        'speech_gpu_energy_joules_total{gpu="GPU-mute"} 0',
        'speech_gpu_clock_event_reason{gpu="GPU-mute",reason="sw_power_cap"} 0',
        'speech_gpu_clock_event_reason{gpu="GPU-mute",reason="hw_thermal_slowdown"} 1',
        'speech_gpu_recovery_action{gpu="GPU-mute"} 2',
      ]),
    );
  });

  it('name our workers and nobody else', async () => {
    const processes = [
      { pid: 11, memoryBytes: 300, utilizationRatio: null },
      { pid: 12, memoryBytes: 500, utilizationRatio: null },
      { pid: 13, memoryBytes: null, utilizationRatio: null },
    ];
    const slice = {
      uuid: 'MIG-1',
      memory: { ...memoryOf(700), totalBytes: 2_000 },
      processes: [{ pid: 14, memoryBytes: 700, utilizationRatio: null }],
    };
    const gpu = { ...MUTE, processes, slices: [slice] };
    const workers = new Map([
      [11, 'gpu-0'],
      [13, 'gpu-1'],
      [14, 'gpu-2'],
    ]);
    figures = { ...QUIET, snapshot: snapshot([gpu]), workerOf: (pid) => workers.get(pid) };
    const samples = await gpuSamples();
    expect(samples.filter((line) => line.includes('process_memory'))).toEqual([
      'speech_gpu_process_memory_bytes{gpu="GPU-mute",worker="gpu-0"} 300',
      'speech_gpu_process_memory_bytes{gpu="GPU-mute",worker="gpu-2"} 700',
    ]);
    expect(samples).toContain('speech_gpu_mig_memory_used_bytes{gpu="GPU-mute",mig="MIG-1"} 700');
  });

  it('go with their GPU, but what was counted stays', async () => {
    const xidCounts = new Map([['GPU-mute', new Map([[79, 2]])]]);
    const xidLastAtMs = new Map([['GPU-mute', 5_000]]);
    const seen = { isReadable: true, xidCounts, xidLastAtMs, workerOf: () => undefined };
    figures = { ...seen, missing: 0, snapshot: snapshot([MUTE, { ...MUTE, uuid: 'GPU-b' }]) };
    expect((await gpuSamples()).join()).toContain('GPU-b');
    figures = { ...seen, missing: 1, snapshot: snapshot([MUTE]) };
    const samples = await gpuSamples();
    expect(samples.join()).not.toContain('GPU-b');
    expect(samples).toContain('speech_gpus_missing 1');
    expect(samples).toContain('speech_gpu_xid_errors_total{gpu="GPU-mute",xid="79"} 2');
    expect(samples).toContain('speech_gpu_xid_last_timestamp_seconds{gpu="GPU-mute"} 5');
  });

  it('say that the driver cannot be asked, and when it last could', async () => {
    figures = { ...QUIET, isReadable: false, lastReadAtMs: 7_000, workerOf: () => undefined };
    expect(await gpuSamples()).toEqual([
      'speech_gpus_missing 0',
      'speech_gpu_last_collect_success 0',
      'speech_gpu_last_collect_timestamp_seconds 7',
    ]);
  });
});
