import { afterEach, describe, expect, it } from 'vitest';

import type { GpuReading } from '../../src/protocol/gpus.js';
import { TelemetryProcess } from '../fake-nvml/telemetry-process.js';
import { FakeNvml, NVML, fakeGpu, fakeGpus } from '../support/fake-nvml.js';
import type { FakeState } from '../support/fake-nvml.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

const open: { nvml: FakeNvml; child: TelemetryProcess }[] = [];

async function start(state: Partial<FakeState> = {}) {
  const nvml = await FakeNvml.create(state);
  const child = TelemetryProcess.of(nvml);
  open.push({ nvml, child });
  return { nvml, child };
}

afterEach(async () => {
  for (const { nvml, child } of open.splice(0)) {
    await child.kill();
    await nvml.dispose();
  }
});

const NO_REASONS = {
  gpu_idle: false,
  applications_clocks_setting: false,
  sw_power_cap: false,
  hw_slowdown: false,
  sync_boost: false,
  sw_thermal_slowdown: false,
  hw_thermal_slowdown: false,
  hw_power_brake_slowdown: false,
  display_clock_setting: false,
};

/** What `fakeGpus` must look like, worked out by hand. */
function expected(index: number): GpuReading {
  const usedBytes = (index + 1) * GIB;
  return {
    uuid: `GPU-00000000-0000-0000-0000-00000000000${index}`,
    index,
    name: 'NVIDIA H100 80GB HBM3',
    pciBusId: `00000000:1${index}:00.0`,
    memory: {
      totalBytes: 80 * GIB,
      usedBytes,
      freeBytes: 80 * GIB - usedBytes - 551 * MIB,
      reservedBytes: 551 * MIB,
    },
    utilizationRatio: {
      gpu: (10 + index) / 100,
      memory: (20 + index) / 100,
      encoder: (30 + index) / 100,
      decoder: (40 + index) / 100,
    },
    temperatureCelsius: 50 + index,
    slowdownCelsius: 87,
    powerWatts: 300.5 + index,
    powerLimitWatts: 700,
    energyJoules: 9_000_000.5 + index,
    clocksHertz: {
      graphics: 1_755_000_000 + index * 1_000_000,
      sm: 1_755_000_000 + index * 1_000_000,
      memory: 2_619_000_000,
      video: 1_530_000_000,
    },
    performanceState: 0,
    clockEventReasons: { ...NO_REASONS, sw_power_cap: true },
    fanSpeedRatio: (60 + index) / 100,
    eccErrors: { corrected: 100 + index, uncorrected: index },
    remappedRows: { correctable: index, uncorrectable: index + 1, pending: 0, failed: 0 },
    pcieBytesPerSecond: { tx: (1000 + index) * 1024, rx: (2000 + index) * 1024 },
    recoveryAction: 'none',
    processes: [],
    slices: [],
  };
}

describe('the telemetry process', () => {
  it('reads all of eight GPUs', async () => {
    const { child } = await start();
    const snapshot = await child.snapshot(({ gpus }) =>
      gpus.every(({ fanSpeedRatio }) => fanSpeedRatio !== null),
    );
    expect(snapshot.gpus).toEqual(Array.from({ length: 8 }, (_, index) => expected(index)));
    expect(snapshot).toMatchObject({ driverVersion: '580.65.06', cudaVersion: '13.0' });
    expect(snapshot).toMatchObject({ lost: [], xids: [] });
    expect(Math.abs(Date.now() - snapshot.atMs)).toBeLessThan(60_000);
    expect(snapshot.collectMs).toBeGreaterThan(0);
  });

  it('says everything in plain numbers', async () => {
    const energyMillijoules = 2n ** 63n;
    const { child } = await start({ gpus: [fakeGpu(0, { energyMillijoules })] });
    const { energyJoules } = await child.gpu(0, () => true);
    expect(energyJoules).toBe(2 ** 63 / 1000);
  });

  it('tells of a change in its next report', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.setGpu(5, { temperatureCelsius: 91, fanPercent: 100, recoveryAction: 4 });
    const gpu = await child.gpu(5, ({ temperatureCelsius }) => temperatureCelsius === 91);
    expect(gpu.recoveryAction).toBe('drain_and_reset');
    // Dear values are read now and then, and kept in between.
    expect(await child.gpu(5, ({ fanSpeedRatio }) => fanSpeedRatio === 1)).toBeDefined();
  });

  it('lists processes of both kinds once, with what is known of each', async () => {
    const { child } = await start({
      gpus: [
        fakeGpu(0, {
          processes: [{ pid: 11, memoryBytes: 5 * GIB, smPercent: 37 }, { pid: 12 }],
          graphicsProcesses: [
            { pid: 11, memoryBytes: 5 * GIB },
            { pid: 13, memoryBytes: 6 * GIB },
          ],
        }),
      ],
    });
    const gpu = await child.gpu(0, ({ processes }) => processes?.length === 3);
    expect(gpu.processes).toEqual([
      { pid: 11, memoryBytes: 5 * GIB, utilizationRatio: 0.37 },
      { pid: 12, memoryBytes: null, utilizationRatio: null },
      { pid: 13, memoryBytes: 6 * GIB, utilizationRatio: null },
    ]);
  });

  it.each([16, 24, 32] as const)('reads lists with %i bytes a process', async (processStride) => {
    const processes = [1, 2, 3].map((n) => ({ pid: n * 1000, memoryBytes: n * GIB }));
    const { child } = await start({ processStride, gpus: [fakeGpu(0, { processes })] });
    const gpu = await child.gpu(0, () => true);
    expect(gpu.processes).toEqual(processes.map((one) => ({ ...one, utilizationRatio: null })));
  });

  it('reads lists that are longer than expected', async () => {
    const processes = Array.from({ length: 700 }, (_, n) => ({
      pid: n + 1,
      memoryBytes: n * MIB,
      smPercent: n % 100,
    }));
    const { child } = await start({ gpus: [fakeGpu(0, { processes })] });
    const gpu = await child.gpu(0, () => true);
    expect(gpu.processes).toHaveLength(700);
    expect(gpu.processes?.at(-1)).toEqual({
      pid: 700,
      memoryBytes: 699 * MIB,
      utilizationRatio: 0.99,
    });
  });

  it('drops shares beyond 100 per cent and states that are none', async () => {
    const { child } = await start({
      gpus: [
        fakeGpu(0, {
          utilizationPercent: { gpu: 4_000_000, memory: 100 },
          performanceState: 32,
          processes: [{ pid: 11, memoryBytes: 1, smPercent: 101 }],
        }),
      ],
    });
    const gpu = await child.gpu(0, () => true);
    expect(gpu.utilizationRatio).toMatchObject({ gpu: null, memory: 1 });
    expect(gpu.performanceState).toBeNull();
    expect(gpu.processes).toEqual([{ pid: 11, memoryBytes: 1, utilizationRatio: null }]);
  });

  it('takes numbers that cannot be for none', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    const allOnes = 2 ** 32 - 1;
    await nvml.setGpu(1, {
      powerMilliwatts: allOnes,
      energyMillijoules: 2n ** 64n - 1n,
      memory: { totalBytes: 2 ** 20, usedBytes: 2 ** 40, reservedBytes: 2 ** 39 },
    });
    const gpu = await child.gpu(1, ({ powerWatts }) => powerWatts === null);
    expect(gpu.energyJoules).toBeNull();
    expect(gpu.memory).toMatchObject({ usedBytes: null, reservedBytes: null });
    expect(gpu.memory.freeBytes ?? 0).toBeLessThanOrEqual(2 ** 20);
  });

  it('counts as used what programs have, whether or not the driver adds its reserve', async () => {
    const { child } = await start({ usedWithoutReserved: true });
    expect((await child.gpu(3, () => true)).memory).toEqual(expected(3).memory);
  });

  it('reads the slices of a GPU, which then has no figures of its own for some things', async () => {
    const memory = { totalBytes: 10 * GIB, usedBytes: 2 * GIB, reservedBytes: 0 };
    const processes = [{ pid: 21, memoryBytes: GIB }];
    const slices = [
      { uuid: 'MIG-a', memory, processes },
      { uuid: 'MIG-b', memory: { ...memory, usedBytes: 0 } },
    ];
    const { nvml, child } = await start({
      gpus: [
        fakeGpu(0, { slices, faults: { nvmlDeviceGetUtilizationRates: NVML.notSupported } }),
        fakeGpu(1),
      ],
    });
    const gpu = await child.gpu(0, () => true);
    expect(gpu.utilizationRatio).toMatchObject({ gpu: null, memory: null });
    expect(gpu.slices).toEqual([
      {
        uuid: 'MIG-a',
        memory: {
          totalBytes: 10 * GIB,
          usedBytes: 2 * GIB,
          freeBytes: 8 * GIB,
          reservedBytes: 0,
        },
        processes: [{ pid: 21, memoryBytes: GIB, utilizationRatio: null }],
      },
      {
        uuid: 'MIG-b',
        memory: { totalBytes: 10 * GIB, usedBytes: 0, freeBytes: 10 * GIB, reservedBytes: 0 },
        processes: [],
      },
    ]);
    // It may be cut anew at any time.
    await nvml.setGpu(0, { slices: slices.slice(1) });
    const cut = await child.gpu(0, (one) => one.slices.length === 1);
    expect(cut.slices[0]?.uuid).toBe('MIG-b');
  });

  it('has no memory figures of boards that share the memory of the machine', async () => {
    const faults = {
      nvmlDeviceGetMemoryInfo: NVML.notSupported,
      nvmlDeviceGetMemoryInfo_v2: NVML.notSupported,
    };
    const { child } = await start({ gpus: [fakeGpu(0, { faults })] });
    expect((await child.gpu(0, () => true)).memory).toEqual({
      totalBytes: null,
      usedBytes: null,
      freeBytes: null,
      reservedBytes: null,
    });
  });

  it('reads a machine that has the driver and no GPU', async () => {
    const { nvml, child } = await start({ gpus: [] });
    expect((await child.snapshot()).gpus).toEqual([]);
    await nvml.set({ gpus: fakeGpus(1) });
    expect(await child.gpu(0, () => true)).toBeDefined();
  });
});
