import { cpus } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GpuReading } from '../../src/protocol/gpus.js';
import { Door, noGpus } from '../support/door.js';
import { gpuReading, silentGpu, snapshotOf } from '../telemetry/gpu-snapshots.js';

type Json = Record<string, unknown>;

const GIB = 1024 ** 3;

let door: Door;
beforeAll(async () => {
  door = await Door.open({ apiKeys: ['a-key'] });
});
afterEach(() => {
  door.gpus = noGpus;
  door.workers = [];
});
afterAll(() => door.close());

interface Metrics {
  readonly cpu: Json;
  readonly memory: Json;
  readonly disk: Json;
  readonly network: Json;
  readonly gpu: Json;
  readonly gpus: readonly Json[];
  readonly workers: readonly Json[];
  readonly timestamp: string;
}

async function metrics(): Promise<Metrics> {
  const response = await door.get('/system/metrics');
  expect(response.status).toBe(200);
  return (await response.json()) as Metrics;
}

function show(...gpus: GpuReading[]): void {
  door.gpus = { ...noGpus, snapshot: snapshotOf(gpus), error: undefined };
}

describe('the host', () => {
  test('is shown to all who ask, and to no cache', async () => {
    const response = await door.get('/system/metrics', { headers: { Origin: 'https://a.page' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('has its real figures, in the units of the names', async () => {
    const before = Date.now();
    const { cpu, memory, disk, network, timestamp } = await metrics();
    expect(cpu).toEqual({ cores: expect.any(Number), usage_percent: expect.any(Number) });
    expect(cpu['cores']).toBeGreaterThan(0);
    expect(cpu['cores']).toBeLessThanOrEqual(cpus().length);
    expect(cpu['usage_percent']).toBeLessThanOrEqual(100);
    for (const store of [memory, disk]) {
      expect(store).toEqual({
        total_gb: expect.any(Number),
        used_gb: expect.any(Number),
        available_gb: expect.any(Number),
        usage_percent: expect.any(Number),
      });
      // No computer that runs tests has a thousand TiB, or less than 100 MiB.
      expect(store['total_gb']).toBeGreaterThan(0.1);
      expect(store['total_gb']).toBeLessThan(1_000_000);
    }
    expect(network).toEqual({
      bytes_sent: expect.any(Number),
      bytes_recv: expect.any(Number),
      packets_sent: expect.any(Number),
      packets_recv: expect.any(Number),
    });
    expect(Math.abs(Date.parse(timestamp) - before)).toBeLessThan(60_000);
  });

  test('has no part that the pages of VoiceHub would miss', async () => {
    show(gpuReading(0, { processes: [{ pid: 5, memoryBytes: 1, utilizationRatio: 0 }] }));
    const body = await metrics();
    const wanted = {
      cpu: ['usage_percent', 'cores'],
      memory: ['total_gb', 'used_gb', 'available_gb'],
      gpu: [
        'available',
        'name',
        'driver_version',
        'cuda_version',
        'vram_total_mb',
        'vram_used_mb',
        'gpu_utilization_percent',
        'temperature_celsius',
        'power_draw_watts',
        'processes',
      ],
      disk: ['total_gb', 'used_gb', 'available_gb'],
      network: ['bytes_sent', 'bytes_recv'],
    };
    for (const part of ['cpu', 'memory', 'gpu', 'disk', 'network'] as const) {
      expect(Object.keys(body[part])).toEqual(expect.arrayContaining(wanted[part]));
    }
    const [one] = body.gpu['processes'] as Json[];
    expect(Object.keys(one ?? {})).toEqual(
      expect.arrayContaining(['pid', 'name', 'vram_mb', 'gpu_util_percent']),
    );
  });

  test('is sampled once for all who ask at the same time', async () => {
    const stamps = await Promise.all(Array.from({ length: 20 }, metrics));
    // Two, if the second in which a sample is fresh ends amid them.
    expect(new Set(stamps.map(({ timestamp }) => timestamp)).size).toBeLessThanOrEqual(2);
  });
});

describe('a computer without a GPU', () => {
  test('says why, and answers 200', async () => {
    const body = await metrics();
    expect(body.gpu).toEqual({ available: false, error: 'There is no NVIDIA driver here.' });
    expect(body.gpus).toEqual([]);
  });

  test.each([
    [
      'Cannot load /opt/secret/lib-v2.0/libnvidia-ml.so.1: no such file or directory',
      'Cannot load libnvidia-ml.so.1: no such file or directory',
    ],
    [
      "NVML_LIBRARY='/home/joe/nvml.so' is N/A and/or broken.",
      "NVML_LIBRARY='nvml.so' is N/A and/or broken.",
    ],
    ['See https://example.org/a/b.', 'See https://example.org/a/b.'],
  ])('tells no path: %s', async (error, shown) => {
    door.gpus = { ...noGpus, error };
    expect((await metrics()).gpu['error']).toBe(shown);
  });

  test('says so when all have gone', async () => {
    show();
    expect((await metrics()).gpu).toEqual({
      available: false,
      error: 'The NVIDIA driver knows of no GPU.',
    });
    const snapshot = { ...snapshotOf([]), lost: ['GPU-0'] };
    door.gpus = { ...noGpus, snapshot, error: undefined };
    expect((await metrics()).gpu).toEqual({
      available: false,
      error: 'All GPUs have fallen off the bus.',
    });
  });
});

describe('GPUs', () => {
  test('are all shown, eight of them, the first one also alone', async () => {
    show(...Array.from({ length: 8 }, (_, n) => gpuReading(n)));
    const { gpu, gpus } = await metrics();
    expect(gpus.map(({ uuid, index }) => [uuid, index])).toEqual(
      Array.from({ length: 8 }, (_, n) => [`GPU-${n}`, n]),
    );
    expect(gpu).toEqual({ available: true, ...gpus[0] });
    expect(gpus[7]).toEqual({
      uuid: 'GPU-7',
      index: 7,
      name: 'NVIDIA L4',
      driver_version: '570.86.15',
      cuda_version: '12.8',
      vram_total_mb: 24_576,
      vram_used_mb: 6_144,
      vram_free_mb: 17_408,
      vram_reserved_mb: 1_024,
      gpu_utilization_percent: 45.2,
      memory_utilization_percent: 20,
      temperature_celsius: 52,
      temperature_warning: false,
      slowdown_celsius: 90,
      power_draw_watts: 60,
      power_limit_watts: 72,
      clock_mhz: { graphics: 2_040, sm: 2_040, memory: 6_251, video: 1_770 },
      performance_state: 0,
      throttle_reasons: ['sw_power_cap'],
      fan_speed_percent: 30,
      pcie: { tx_bytes_per_second: 1_000, rx_bytes_per_second: 2_000 },
      xid_errors: {},
      recovery_action: 'none',
      processes: [],
      mig_devices: [],
    });
  });

  test('have null for what the driver does not say: a board with unified memory', async () => {
    show(silentGpu(0, { temperatureCelsius: 0 }));
    const { gpu } = await metrics();
    expect(gpu).toMatchObject({
      available: true,
      name: 'NVIDIA GB10',
      vram_total_mb: null,
      vram_used_mb: null,
      vram_free_mb: null,
      gpu_utilization_percent: null,
      temperature_celsius: 0,
      temperature_warning: false,
      power_draw_watts: null,
      clock_mhz: { graphics: null, sm: null, memory: null, video: null },
      throttle_reasons: null,
      pcie: { tx_bytes_per_second: null, rx_bytes_per_second: null },
      recovery_action: null,
      processes: null,
    });
  });

  test('have their slices, each with its memory and processes', async () => {
    const memory = { totalBytes: 10 * GIB, usedBytes: GIB, freeBytes: 9 * GIB, reservedBytes: 0 };
    const processes = [{ pid: 77, memoryBytes: GIB, utilizationRatio: null }];
    const slices = [{ uuid: 'MIG-a', memory, processes }];
    show(gpuReading(0, { ...silentGpu(0), slices }));
    const { gpu } = await metrics();
    expect(gpu['gpu_utilization_percent']).toBeNull();
    expect(gpu['mig_devices']).toEqual([
      {
        uuid: 'MIG-a',
        vram_total_mb: 10_240,
        vram_used_mb: 1_024,
        vram_free_mb: 9_216,
        processes: [{ pid: 77, name: null, worker: null, vram_mb: 1_024, gpu_util_percent: null }],
      },
    ]);
  });

  test('carry their own warnings and errors', async () => {
    door.gpus = {
      snapshot: snapshotOf([gpuReading(0), gpuReading(1)]),
      error: undefined,
      temperatureWarnings: new Set(['GPU-1']),
      xidCounts: new Map([
        [
          'GPU-1',
          new Map([
            [79, 1],
            [31, 4],
          ]),
        ],
      ]),
    };
    const { gpus } = await metrics();
    expect(gpus.map(({ temperature_warning }) => temperature_warning)).toEqual([false, true]);
    expect(gpus.map(({ xid_errors }) => xid_errors)).toEqual([{}, { 31: 4, 79: 1 }]);
  });

  test('name our own processes, and of others only the number', async () => {
    const worker = { id: 'gpu-0', device: 'GPU-0', pid: 41, rssBytes: 512 * 1024 ** 2 };
    door.workers = [
      {
        ...worker,
        vramBytes: 2 * GIB,
        vramBeforeLoadBytes: 0,
        vramAfterLoadBytes: GIB,
        vramBeforeUnloadBytes: 3 * GIB,
        vramAfterUnloadBytes: null,
        vramBudgetBytes: 4 * GIB,
        vramLeftBytes: 3 * GIB,
        vramModels: [
          {
            model: 'small',
            state: 'placed',
            loadBytes: GIB / 2,
            peakBytes: GIB,
            isEstimated: false,
          },
        ],
        leakSuspicions: { rss: 0, vram: 2 },
      },
      {
        id: 'cpu-0',
        device: 'cpu',
        pid: null,
        rssBytes: null,
        vramBytes: null,
        vramBeforeLoadBytes: null,
        vramAfterLoadBytes: null,
        vramBeforeUnloadBytes: null,
        vramAfterUnloadBytes: null,
        vramBudgetBytes: null,
        vramLeftBytes: null,
        vramModels: [],
        leakSuspicions: null,
      },
    ];
    const processes = [
      { pid: 41, memoryBytes: 2 * GIB, utilizationRatio: 0.4 },
      { pid: 9, memoryBytes: null, utilizationRatio: null },
    ];
    show(gpuReading(0, { processes }));
    const { gpu, workers } = await metrics();
    expect(gpu['processes']).toEqual([
      { pid: 41, name: 'gpu-0', worker: 'gpu-0', vram_mb: 2_048, gpu_util_percent: 40 },
      { pid: 9, name: null, worker: null, vram_mb: null, gpu_util_percent: null },
    ]);
    expect(workers).toEqual([
      {
        id: 'gpu-0',
        device: 'GPU-0',
        pid: 41,
        rss_mb: 512,
        vram_mb: 2_048,
        vram_before_load_mb: 0,
        vram_after_load_mb: 1_024,
        vram_before_unload_mb: 3_072,
        vram_after_unload_mb: null,
        vram_budget_mb: 4_096,
        vram_left_mb: 3_072,
        vram_models: [
          { model: 'small', state: 'placed', load_mb: 512, peak_mb: 1_024, estimated: false },
        ],
        leak_suspicions: { rss: 0, vram: 2 },
        models: [],
      },
      {
        id: 'cpu-0',
        device: 'cpu',
        pid: null,
        rss_mb: null,
        vram_mb: null,
        vram_before_load_mb: null,
        vram_after_load_mb: null,
        vram_before_unload_mb: null,
        vram_after_unload_mb: null,
        vram_budget_mb: null,
        vram_left_mb: null,
        vram_models: [],
        leak_suspicions: null,
        models: [{ id: 'voice-model', service: 'tts', provider: 'cpu', placement: null }],
      },
    ]);
  });
});
