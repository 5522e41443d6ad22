import type { FakeGpu } from './machine.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/**
 * Makes GPUs that support everything, each with figures of its own, so that a mix-up shows.
 * GPU `i` has the UUID `GPU-00000000-0000-0000-0000-00000000000i`; none has a process.
 */
export function fakeGpus(count: number): FakeGpu[] {
  return Array.from({ length: count }, (_, index) => fakeGpu(index));
}

/** Makes one of {@link fakeGpus}, with some values of its own. */
export function fakeGpu(index: number, own: Partial<FakeGpu> = {}): FakeGpu {
  return {
    uuid: `GPU-00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    name: 'NVIDIA H100 80GB HBM3',
    pciBusId: `00000000:${(0x10 + index).toString(16).toUpperCase()}:00.0`,
    memory: { totalBytes: 80 * GIB, usedBytes: (index + 1) * GIB, reservedBytes: 551 * MIB },
    utilizationPercent: { gpu: 10 + index, memory: 20 + index },
    encoderPercent: 30 + index,
    decoderPercent: 40 + index,
    temperatureCelsius: 50 + index,
    slowdownCelsius: 87,
    powerMilliwatts: 300_500 + index * 1000,
    powerLimitMilliwatts: 700_000,
    energyMillijoules: 9_000_000_500 + index * 1000,
    clocksMegahertz: { graphics: 1755 + index, sm: 1755 + index, memory: 2619, video: 1530 },
    performanceState: 0,
    clockEventReasons: 0x4,
    fanPercent: 60 + index,
    eccErrors: { corrected: 100 + index, uncorrected: index },
    remappedRows: { correctable: index, uncorrectable: index + 1, pending: 0, failed: 0 },
    pcieKilobytesPerSecond: { tx: 1000 + index, rx: 2000 + index },
    recoveryAction: 0,
    processes: [],
    graphicsProcesses: [],
    ...own,
  };
}
