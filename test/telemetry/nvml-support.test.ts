import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { GpuReading, GpuSnapshot } from '../../src/protocol/gpus.js';
import { TelemetryProcess } from '../fake-nvml/telemetry-process.js';
import { FakeNvml, NVML, fakeGpus } from '../support/fake-nvml.js';
import type { FakeSymbols } from '../support/fake-nvml.js';

type Field = (gpu: GpuReading) => unknown;

/** Each function, and what is unknown without it. */
const FIELDS: Readonly<Record<string, Field>> = {
  nvmlDeviceGetPciInfo_v3: (gpu) => gpu.pciBusId,
  nvmlDeviceGetMemoryInfo_v2: (gpu) => gpu.memory.totalBytes,
  nvmlDeviceGetUtilizationRates: (gpu) => gpu.utilizationRatio.gpu,
  nvmlDeviceGetEncoderUtilization: (gpu) => gpu.utilizationRatio.encoder,
  nvmlDeviceGetDecoderUtilization: (gpu) => gpu.utilizationRatio.decoder,
  nvmlDeviceGetTemperatureV: (gpu) => gpu.temperatureCelsius,
  nvmlDeviceGetTemperatureThreshold: (gpu) => gpu.slowdownCelsius,
  nvmlDeviceGetPowerUsage: (gpu) => gpu.powerWatts,
  nvmlDeviceGetEnforcedPowerLimit: (gpu) => gpu.powerLimitWatts,
  nvmlDeviceGetTotalEnergyConsumption: (gpu) => gpu.energyJoules,
  nvmlDeviceGetClockInfo: (gpu) => gpu.clocksHertz.sm,
  nvmlDeviceGetPerformanceState: (gpu) => gpu.performanceState,
  nvmlDeviceGetCurrentClocksEventReasons: (gpu) => gpu.clockEventReasons,
  nvmlDeviceGetFanSpeed: (gpu) => gpu.fanSpeedRatio,
  nvmlDeviceGetTotalEccErrors: (gpu) => gpu.eccErrors.uncorrected,
  nvmlDeviceGetRemappedRows: (gpu) => gpu.remappedRows.pending,
  nvmlDeviceGetPcieThroughput: (gpu) => gpu.pcieBytesPerSecond.rx,
  nvmlDeviceGetFieldValues: (gpu) => gpu.recoveryAction,
};
const FUNCTIONS = Object.keys(FIELDS);

function unknownOf(gpu: GpuReading): string[] {
  return FUNCTIONS.filter((name) => FIELDS[name]?.(gpu) === null);
}

/** Long enough for the dear values of all GPUs to have been read. */
function isComplete({ gpus }: GpuSnapshot): boolean {
  return gpus.every(({ slowdownCelsius }) => slowdownCelsius !== null);
}

/** What is asked where a newer function cannot be had: a value is unknown only if neither tells. */
const OLDER: Readonly<Record<string, string>> = {
  nvmlDeviceGetMemoryInfo_v2: 'nvmlDeviceGetMemoryInfo',
  nvmlDeviceGetTemperatureV: 'nvmlDeviceGetTemperature',
  nvmlDeviceGetCurrentClocksEventReasons: 'nvmlDeviceGetCurrentClocksThrottleReasons',
};

function faultOf(name: string): Record<string, number> {
  const names = [name, ...(OLDER[name] === undefined ? [] : [OLDER[name]])];
  return Object.fromEntries(names.map((one) => [one, NVML.notSupported]));
}

describe('a function that a GPU does not support', () => {
  let nvml: FakeNvml;
  let child: TelemetryProcess;

  beforeAll(async () => {
    nvml = await FakeNvml.create();
    child = TelemetryProcess.of(nvml);
    await child.snapshot(isComplete);
  });

  afterEach(() => nvml.setGpu(2, { faults: {} }));

  afterAll(async () => {
    await child.kill();
    await nvml.dispose();
  });

  const live = FUNCTIONS.filter((name) => name !== 'nvmlDeviceGetPciInfo_v3');
  it.each(live)('leaves its field unknown and nothing else: %s', async (name) => {
    await nvml.setGpu(2, { faults: faultOf(name) });
    const only = await child.gpu(2, (gpu) => unknownOf(gpu).length > 0);
    expect(unknownOf(only)).toEqual([name]);
    await nvml.setGpu(2, { faults: {} });
    await child.gpu(2, (gpu) => unknownOf(gpu).length === 0);
  });

  it.each([NVML.unknown, NVML.noPermission])(
    'is no worse than one that answers %i',
    async (code) => {
      await nvml.setGpu(2, { faults: { nvmlDeviceGetPowerUsage: code } });
      const gpu = await child.gpu(2, ({ powerWatts }) => powerWatts === null);
      expect(unknownOf(gpu)).toEqual(['nvmlDeviceGetPowerUsage']);
      expect(child.reports.every(({ state }) => state === 'read')).toBe(true);
    },
  );

  it('does not hide an older one that is supported', async () => {
    const newer = Object.fromEntries(Object.keys(OLDER).map((name) => [name, NVML.notSupported]));
    await nvml.setGpu(2, { faults: newer });
    const gpu = await child.gpu(2, ({ memory }) => memory.reservedBytes === null);
    expect(unknownOf(gpu)).toEqual([]);
  });

  it('leaves the processes unknown if it is both lists, and not otherwise', async () => {
    const compute = { nvmlDeviceGetComputeRunningProcesses_v3: NVML.noPermission };
    await nvml.setGpu(2, {
      graphicsProcesses: [{ pid: 31, memoryBytes: 1 }],
      faults: compute,
    });
    const drawing = await child.gpu(2, ({ processes }) => processes?.length === 1);
    expect(drawing.processes?.[0]?.pid).toBe(31);
    const graphics = { nvmlDeviceGetGraphicsRunningProcesses_v3: NVML.noPermission };
    await nvml.setGpu(2, { faults: { ...compute, ...graphics } });
    expect(await child.gpu(2, ({ processes }) => processes === null)).toBeDefined();
  });

  it('of all GPUs is unknown of all', async () => {
    await nvml.set({ faults: { nvmlDeviceGetFanSpeed: NVML.notSupported } });
    const snapshot = await child.snapshot(({ gpus }) =>
      gpus.every(({ fanSpeedRatio }) => fanSpeedRatio === null),
    );
    expect(snapshot.gpus).toHaveLength(8);
    await nvml.set({ faults: {} });
  });
});

describe('a library of another age', () => {
  async function read(symbols: FakeSymbols, isWanted: (gpu: GpuReading) => boolean) {
    const processes = [{ pid: 11, memoryBytes: 5 }];
    const gpus = fakeGpus(2).map((gpu) => ({ ...gpu, processes }));
    const nvml = await FakeNvml.create({ gpus }, symbols);
    const child = TelemetryProcess.of(nvml);
    const gpu = await child.gpu(1, isWanted);
    await child.kill();
    await nvml.dispose();
    return gpu;
  }

  it('is asked by the older names', async () => {
    const gpu = await read(
      {
        without: [
          'nvmlInit_v2',
          'nvmlDeviceGetCount_v2',
          'nvmlDeviceGetHandleByIndex_v2',
          'nvmlDeviceGetMemoryInfo_v2',
          'nvmlDeviceGetTemperatureV',
          'nvmlDeviceGetCurrentClocksEventReasons',
          'nvmlDeviceGetComputeRunningProcesses_v3',
          'nvmlDeviceGetComputeRunningProcesses_v2',
          'nvmlDeviceGetGraphicsRunningProcesses_v3',
        ],
      },
      ({ slowdownCelsius }) => slowdownCelsius !== null,
    );
    expect(unknownOf(gpu)).toEqual([]);
    expect(gpu.temperatureCelsius).toBe(51);
    expect(gpu.clockEventReasons).toMatchObject({ sw_power_cap: true, gpu_idle: false });
    expect(gpu.processes).toHaveLength(1);
    // The older call does not tell the reserve and counts it as used.
    expect(gpu.memory.reservedBytes).toBeNull();
    expect(gpu.memory.usedBytes).toBe(2 * 1024 ** 3 + 551 * 1024 ** 2);
  });

  it('may have a handful of functions', async () => {
    const gpu = await read(
      {
        only: [
          'nvmlInit',
          'nvmlShutdown',
          'nvmlDeviceGetCount',
          'nvmlDeviceGetHandleByIndex',
          'nvmlDeviceGetUUID',
          'nvmlDeviceGetName',
          'nvmlDeviceGetMemoryInfo',
          'nvmlDeviceGetUtilizationRates',
          'nvmlDeviceGetTemperature',
          'nvmlDeviceGetPowerUsage',
        ],
      },
      () => true,
    );
    const known = new Set([
      'nvmlDeviceGetMemoryInfo_v2',
      'nvmlDeviceGetUtilizationRates',
      'nvmlDeviceGetTemperatureV',
      'nvmlDeviceGetPowerUsage',
    ]);
    expect(unknownOf(gpu)).toEqual(FUNCTIONS.filter((name) => !known.has(name)));
    expect(gpu).toMatchObject({ processes: null, slices: [], temperatureCelsius: 51 });
    expect(gpu).toMatchObject({ powerWatts: 301.5, utilizationRatio: { gpu: 0.11 } });
  });
});
