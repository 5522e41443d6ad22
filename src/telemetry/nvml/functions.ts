import type { ArgumentKind } from './library.js';

/** A function of NVML under the names that it has had, newest first, all of one signature. */
export interface NvmlSpec {
  readonly names: readonly [string, ...string[]];
  readonly takes: readonly ArgumentKind[];
}

/** `(device, *out)`: how most values are asked for. */
function value(...names: readonly [string, ...string[]]): NvmlSpec {
  return { names, takes: ['pointer', 'pointer'] };
}

/** `(device, which, *out)`: a value of several of a kind. */
function valueOf(name: string): NvmlSpec {
  return { names: [name], takes: ['pointer', 'uint32', 'pointer'] };
}

/** `(device, *text, length)`. */
function text(name: string): NvmlSpec {
  return { names: [name], takes: ['pointer', 'pointer', 'uint32'] };
}

/** `(device, *count, *rows)`. */
function list(name: string): NvmlSpec {
  return {
    names: [`${name}_v3`, `${name}_v2`, name],
    takes: ['pointer', 'pointer', 'pointer'],
  };
}

/** All that the collector calls, as `nvml.h` declares it. */
export const NVML = {
  init: { names: ['nvmlInit_v2', 'nvmlInit'], takes: [] },
  shutdown: { names: ['nvmlShutdown'], takes: [] },
  driverVersion: { names: ['nvmlSystemGetDriverVersion'], takes: ['pointer', 'uint32'] },
  cudaVersion: { names: ['nvmlSystemGetCudaDriverVersion'], takes: ['pointer'] },
  count: { names: ['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'], takes: ['pointer'] },
  handleByIndex: {
    names: ['nvmlDeviceGetHandleByIndex_v2', 'nvmlDeviceGetHandleByIndex'],
    takes: ['uint32', 'pointer'],
  },
  uuid: text('nvmlDeviceGetUUID'),
  name: text('nvmlDeviceGetName'),
  pciInfo: value('nvmlDeviceGetPciInfo_v3'),
  memoryWithReserve: value('nvmlDeviceGetMemoryInfo_v2'),
  memory: value('nvmlDeviceGetMemoryInfo'),
  utilization: value('nvmlDeviceGetUtilizationRates'),
  encoderUtilization: {
    names: ['nvmlDeviceGetEncoderUtilization'],
    takes: ['pointer', 'pointer', 'pointer'],
  },
  decoderUtilization: {
    names: ['nvmlDeviceGetDecoderUtilization'],
    takes: ['pointer', 'pointer', 'pointer'],
  },
  temperatureStruct: value('nvmlDeviceGetTemperatureV'),
  temperature: valueOf('nvmlDeviceGetTemperature'),
  temperatureThreshold: valueOf('nvmlDeviceGetTemperatureThreshold'),
  power: value('nvmlDeviceGetPowerUsage'),
  powerLimit: value('nvmlDeviceGetEnforcedPowerLimit'),
  energy: value('nvmlDeviceGetTotalEnergyConsumption'),
  clock: valueOf('nvmlDeviceGetClockInfo'),
  performanceState: value('nvmlDeviceGetPerformanceState'),
  clockEventReasons: value(
    'nvmlDeviceGetCurrentClocksEventReasons',
    'nvmlDeviceGetCurrentClocksThrottleReasons',
  ),
  fanSpeed: value('nvmlDeviceGetFanSpeed'),
  eccErrors: {
    names: ['nvmlDeviceGetTotalEccErrors'],
    takes: ['pointer', 'uint32', 'uint32', 'pointer'],
  },
  remappedRows: {
    names: ['nvmlDeviceGetRemappedRows'],
    takes: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
  },
  pcieThroughput: valueOf('nvmlDeviceGetPcieThroughput'),
  fieldValues: {
    names: ['nvmlDeviceGetFieldValues'],
    takes: ['pointer', 'uint32', 'pointer'],
  },
  computeProcesses: list('nvmlDeviceGetComputeRunningProcesses'),
  graphicsProcesses: list('nvmlDeviceGetGraphicsRunningProcesses'),
  processUtilization: {
    names: ['nvmlDeviceGetProcessUtilization'],
    takes: ['pointer', 'pointer', 'pointer', 'uint64'],
  },
  maxSliceCount: value('nvmlDeviceGetMaxMigDeviceCount'),
  sliceByIndex: valueOf('nvmlDeviceGetMigDeviceHandleByIndex'),
  eventTypes: value('nvmlDeviceGetSupportedEventTypes'),
  eventSetCreate: { names: ['nvmlEventSetCreate'], takes: ['pointer'] },
  eventSetFree: { names: ['nvmlEventSetFree'], takes: ['pointer'] },
  registerEvents: {
    names: ['nvmlDeviceRegisterEvents'],
    takes: ['pointer', 'uint64', 'pointer'],
  },
  eventSetWait: {
    names: ['nvmlEventSetWait_v2', 'nvmlEventSetWait'],
    takes: ['pointer', 'pointer', 'uint32'],
  },
} as const satisfies Record<string, NvmlSpec>;
