import type { FakeFaults, FakeGpu, FakeProcess, FakeSlice, FakeState } from './machine.js';

type Value = string | number | bigint | undefined;

/** Says a machine in the lines that the library reads; `nvml.c` tells what they mean. */
export function stateText(state: FakeState): string {
  return `${linesOf(state).join('\n')}\n`;
}

function linesOf(state: FakeState): string[] {
  return [
    `gpus=${state.gpus.length}`,
    ...pairs('', {
      driver: state.driverVersion,
      cuda: state.cudaVersion,
      stride: state.processStride,
      usedWithoutReserved: state.usedWithoutReserved === true ? 1 : undefined,
    }),
    ...(state.xids ?? []).map(({ id, gpu, xid }) => `xid.${id}=${gpu},${xid}`),
    ...faultLines('', state),
    ...state.gpus.flatMap((gpu, index) => gpuLines(`gpu.${index}.`, gpu)),
  ];
}

function gpuLines(prefix: string, gpu: FakeGpu): string[] {
  const slices = gpu.slices ?? [];
  return [
    ...pairs(prefix, {
      uuid: gpu.uuid,
      name: gpu.name,
      pci: gpu.pciBusId,
      ...nested('utilization', gpu.utilizationPercent),
      'utilization.encoder': gpu.encoderPercent,
      'utilization.decoder': gpu.decoderPercent,
      temperature: gpu.temperatureCelsius,
      slowdown: gpu.slowdownCelsius,
      power: gpu.powerMilliwatts,
      powerLimit: gpu.powerLimitMilliwatts,
      energy: gpu.energyMillijoules,
      ...nested('clock', gpu.clocksMegahertz),
      pstate: gpu.performanceState,
      reasons: gpu.clockEventReasons,
      fan: gpu.fanPercent,
      ...nested('ecc', gpu.eccErrors),
      ...nested('rows', gpu.remappedRows),
      ...nested('pcie', gpu.pcieKilobytesPerSecond),
      recovery: gpu.recoveryAction,
      graphics: processText(gpu.graphicsProcesses),
      migs: slices.length === 0 ? undefined : slices.length,
    }),
    ...sharedLines(prefix, gpu),
    ...slices.flatMap((slice, index) => [
      `${prefix}mig.${index}.uuid=${slice.uuid}`,
      ...sharedLines(`${prefix}mig.${index}.`, slice),
    ]),
  ];
}

/** What both a GPU and a slice have. */
function sharedLines(prefix: string, part: FakeSlice): string[] {
  const { memory } = part;
  return [
    ...pairs(prefix, {
      'memory.total': memory?.totalBytes,
      'memory.used': memory?.usedBytes,
      'memory.reserved': memory?.reservedBytes,
      processes: processText(part.processes),
    }),
    ...faultLines(prefix, part),
  ];
}

function faultLines(
  prefix: string,
  { faults = {}, hangs = [], delaysMs = {} }: FakeFaults,
): string[] {
  return [
    ...Object.entries(faults).map(([name, code]) => `${prefix}fault.${name}=${code}`),
    ...hangs.map((name) => `${prefix}hang.${name}=1`),
    ...Object.entries(delaysMs).map(([name, delayMs]) => `${prefix}delay.${name}=${delayMs}`),
  ];
}

function processText(processes: readonly FakeProcess[] | undefined): string | undefined {
  return processes
    ?.map(({ pid, memoryBytes = -1, smPercent = -1 }) => `${pid}:${memoryBytes}:${smPercent}`)
    .join(',');
}

function nested(key: string, values: Readonly<Record<string, number>> = {}): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${key}.${name}`, value]),
  );
}

function pairs(prefix: string, values: Readonly<Record<string, Value>>): string[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${prefix}${key}=${value}`);
}
