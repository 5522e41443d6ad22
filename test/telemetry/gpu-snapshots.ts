import type { GpuReading, GpuSnapshot } from '../../src/protocol/gpus.js';
import { gpuOf } from '../support/scripted-gpus.js';

const GIB = 1024 ** 3;

/** A GPU of which the driver tells all that it can. */
export function gpuReading(index: number, fields: Partial<GpuReading> = {}): GpuReading {
  return {
    uuid: `GPU-${index}`,
    index,
    name: 'NVIDIA L4',
    pciBusId: '00000000:01:00.0',
    memory: {
      totalBytes: 24 * GIB,
      usedBytes: 6 * GIB,
      freeBytes: 17 * GIB,
      reservedBytes: GIB,
    },
    utilizationRatio: { gpu: 0.452, memory: 0.2, encoder: 0, decoder: 0 },
    temperatureCelsius: 52,
    slowdownCelsius: 90,
    powerWatts: 60.04,
    powerLimitWatts: 72,
    energyJoules: 1_000,
    clocksHertz: { graphics: 2_040e6, sm: 2_040e6, memory: 6_251e6, video: 1_770e6 },
    performanceState: 0,
    clockEventReasons: { sw_power_cap: true, hw_thermal_slowdown: false },
    fanSpeedRatio: 0.3,
    eccErrors: { corrected: 0, uncorrected: 0 },
    remappedRows: { correctable: null, uncorrectable: null, pending: null, failed: null },
    pcieBytesPerSecond: { tx: 1_000, rx: 2_000 },
    recoveryAction: 'none',
    processes: [],
    slices: [],
    ...fields,
  };
}

/** A GPU of which the driver tells nothing but that it is there. */
export function silentGpu(index: number, fields: Partial<GpuReading> = {}): GpuReading {
  return gpuOf(`GPU-${index}`, { index, name: 'NVIDIA GB10', ...fields });
}

/** All GPUs at a moment. */
export function snapshotOf(gpus: readonly GpuReading[], atMs = 0): GpuSnapshot {
  const versions = { driverVersion: '570.86.15', cudaVersion: '12.8' };
  return { atMs, collectMs: 1, ...versions, gpus, unreadable: 0, lost: [], xids: [] };
}

/** A log of watches: what was said, with its level. */
export class WatchLines {
  readonly lines: { level: 'info' | 'warn'; fields: object; message: string }[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }
}
