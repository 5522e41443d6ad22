import type { GpuReading } from '../../protocol/gpus.js';
import { type NvmlCalls, readU32 } from './calls.js';
import { CODE, isOtherVersion } from './codes.js';
import { NVML } from './functions.js';

/** `nvmlTemperature_v1_t`: its size, and its version in the highest byte. */
const TEMPERATURE_1 = 12 | (1 << 24);
const GPU_SENSOR = 0;
const SLOWDOWN_THRESHOLD = 1;
const HERTZ_PER_MEGAHERTZ = 1_000_000;
/** Performance states go to 15; NVML says 32 if it does not know. */
const LAST_PERFORMANCE_STATE = 15;

/** Bits of NVML's clock event reasons; a bit that is not here is one that we have no name for. */
const CLOCK_EVENT_REASONS = {
  gpu_idle: 0x1,
  applications_clocks_setting: 0x2,
  sw_power_cap: 0x4,
  hw_slowdown: 0x8,
  sync_boost: 0x10,
  sw_thermal_slowdown: 0x20,
  hw_thermal_slowdown: 0x40,
  hw_power_brake_slowdown: 0x80,
  display_clock_setting: 0x100,
} as const;

const struct = Buffer.alloc(16);

/** The values that cost the driver next to nothing. */
export type Gauges = Pick<
  GpuReading,
  | 'temperatureCelsius'
  | 'powerWatts'
  | 'powerLimitWatts'
  | 'energyJoules'
  | 'clocksHertz'
  | 'performanceState'
  | 'clockEventReasons'
>;

/** Reads what is asked for every second. */
export function readGauges(calls: NvmlCalls, device: bigint): Gauges {
  return {
    temperatureCelsius: readTemperature(calls, device),
    powerWatts: thousandth(calls.uint(NVML.power, device)),
    powerLimitWatts: thousandth(calls.uint(NVML.powerLimit, device)),
    energyJoules: thousandth(calls.ulong(NVML.energy, device)),
    clocksHertz: {
      graphics: readClock(calls, device, 0),
      sm: readClock(calls, device, 1),
      memory: readClock(calls, device, 2),
      video: readClock(calls, device, 3),
    },
    performanceState: readPerformanceState(calls, device),
    clockEventReasons: readClockEventReasons(calls, device),
  };
}

/** Shares of the last sampling period in which the GPU computed and in which its memory was used. */
export function readUtilization(
  calls: NvmlCalls,
  device: bigint,
): { readonly gpu: number | null; readonly memory: number | null } {
  const code = calls.call(NVML.utilization, device, struct);
  if (code !== CODE.success) return { gpu: null, memory: null };
  return { gpu: ratio(struct.readUInt32LE(0)), memory: ratio(struct.readUInt32LE(4)) };
}

/** Where the GPU begins to slow itself down. */
export function readSlowdownTemperature(calls: NvmlCalls, device: bigint): number | null {
  return calls.uint(NVML.temperatureThreshold, device, SLOWDOWN_THRESHOLD);
}

/** A percentage as a share; more than 100 is a slip of the driver and no value. */
export function ratio(percent: number | null): number | null {
  return percent === null || percent > 100 ? null : percent / 100;
}

/** NVML counts in milliwatts and millijoules. */
function thousandth(value: number | null): number | null {
  return value === null ? null : value / 1000;
}

function readTemperature(calls: NvmlCalls, device: bigint): number | null {
  struct.fill(0);
  struct.writeUInt32LE(TEMPERATURE_1);
  const code = calls.call(NVML.temperatureStruct, device, struct);
  if (isOtherVersion(code)) return calls.uint(NVML.temperature, device, GPU_SENSOR);
  const isKnown = code === CODE.success && readU32(struct, 8) !== null;
  return isKnown ? struct.readInt32LE(8) : null;
}

function readClock(calls: NvmlCalls, device: bigint, clock: number): number | null {
  const megahertz = calls.uint(NVML.clock, device, clock);
  return megahertz === null ? null : megahertz * HERTZ_PER_MEGAHERTZ;
}

function readPerformanceState(calls: NvmlCalls, device: bigint): number | null {
  const state = calls.uint(NVML.performanceState, device);
  return state !== null && state <= LAST_PERFORMANCE_STATE ? state : null;
}

function readClockEventReasons(
  calls: NvmlCalls,
  device: bigint,
): Readonly<Record<string, boolean>> | null {
  const bits = calls.ulong(NVML.clockEventReasons, device);
  if (bits === null) return null;
  const names = Object.entries(CLOCK_EVENT_REASONS);
  return Object.fromEntries(names.map(([name, bit]) => [name, (bits & bit) !== 0]));
}
