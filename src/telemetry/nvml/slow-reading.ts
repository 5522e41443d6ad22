import type { GpuReading } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { CODE } from './codes.js';
import { NVML } from './functions.js';
import { ratio, readSlowdownTemperature } from './gauges.js';
import { readProcessList } from './process-lists.js';
import type { ListedProcess } from './process-lists.js';

const BYTES_PER_KILOBYTE = 1024;
const CORRECTED = 0;
const UNCORRECTED = 1;
/** Since the driver was loaded; the other counter is kept in the board for good. */
const VOLATILE = 0;
const SEND = 0;
const RECEIVE = 1;

/** The values that are dear to read or hardly change. */
export interface SlowReading extends Pick<
  GpuReading,
  'slowdownCelsius' | 'fanSpeedRatio' | 'eccErrors' | 'remappedRows' | 'pcieBytesPerSecond'
> {
  readonly encoderRatio: number | null;
  readonly decoderRatio: number | null;
  readonly graphicsProcesses: readonly ListedProcess[] | null;
}

/** What is known of a GPU whose turn has not come yet. */
export const NO_SLOW_READING: SlowReading = {
  slowdownCelsius: null,
  fanSpeedRatio: null,
  eccErrors: { corrected: null, uncorrected: null },
  remappedRows: { correctable: null, uncorrectable: null, pending: null, failed: null },
  pcieBytesPerSecond: { tx: null, rx: null },
  encoderRatio: null,
  decoderRatio: null,
  graphicsProcesses: null,
};

const percent = Buffer.alloc(4);
const periodUs = Buffer.alloc(4);
const rows = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)] as const;

/** Reads them; the PCIe throughput alone takes the driver 20 ms for each direction. */
export function readSlow(calls: NvmlCalls, device: bigint): SlowReading {
  const fanPercent = calls.uint(NVML.fanSpeed, device);
  return {
    slowdownCelsius: readSlowdownTemperature(calls, device),
    // Of the speed that it was built for: some go beyond.
    fanSpeedRatio: fanPercent === null ? null : Math.min(1, fanPercent / 100),
    eccErrors: {
      corrected: calls.ulong(NVML.eccErrors, device, CORRECTED, VOLATILE),
      uncorrected: calls.ulong(NVML.eccErrors, device, UNCORRECTED, VOLATILE),
    },
    remappedRows: readRemappedRows(calls, device),
    pcieBytesPerSecond: {
      tx: readThroughput(calls, device, SEND),
      rx: readThroughput(calls, device, RECEIVE),
    },
    encoderRatio: readCoder(calls, NVML.encoderUtilization, device),
    decoderRatio: readCoder(calls, NVML.decoderUtilization, device),
    graphicsProcesses: readProcessList(calls, NVML.graphicsProcesses, device),
  };
}

function readThroughput(calls: NvmlCalls, device: bigint, direction: number): number | null {
  const kilobytes = calls.uint(NVML.pcieThroughput, device, direction);
  return kilobytes === null ? null : kilobytes * BYTES_PER_KILOBYTE;
}

function readCoder(
  calls: NvmlCalls,
  spec: typeof NVML.encoderUtilization | typeof NVML.decoderUtilization,
  device: bigint,
): number | null {
  const code = calls.call(spec, device, percent, periodUs);
  return code === CODE.success ? ratio(percent.readUInt32LE()) : null;
}

function readRemappedRows(calls: NvmlCalls, device: bigint): GpuReading['remappedRows'] {
  const code = calls.call(NVML.remappedRows, device, ...rows);
  if (code !== CODE.success) return NO_SLOW_READING.remappedRows;
  const [correctable, uncorrectable, pending, failed] = rows;
  return {
    correctable: correctable.readUInt32LE(),
    uncorrectable: uncorrectable.readUInt32LE(),
    pending: pending.readUInt32LE(),
    failed: failed.readUInt32LE(),
  };
}
