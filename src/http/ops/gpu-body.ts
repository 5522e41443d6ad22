import type { GpuProcess, GpuReading, GpuSliceReading, GpuSnapshot } from '../../protocol/gpus.js';
import type { GpuView, WorkerMemoryView } from '../telemetry-port.js';
import { withoutFolders } from './without-folders.js';
import { megabytes, megahertz, percent, tenths } from './units.js';

type Workers = readonly WorkerMemoryView[];

/** What the GPUs are drawn from. */
export interface GpuBodySources {
  readonly view: GpuView;
  readonly workers: Workers;
}

/** `gpu`, the first one, and `gpus`, all of them. */
export function gpuBodies({ view, workers }: GpuBodySources): { gpu: object; gpus: object[] } {
  const { snapshot } = view;
  const gpus = snapshot?.gpus.map((gpu) => gpuBody(gpu, { snapshot, view, workers })) ?? [];
  const gpu = gpus[0] ? { available: true, ...gpus[0] } : unavailable(view);
  return { gpu, gpus };
}

function unavailable({ snapshot, error }: GpuView): object {
  const none = snapshot?.lost.length
    ? 'All GPUs have fallen off the bus.'
    : 'The NVIDIA driver knows of no GPU.';
  return { available: false, error: withoutFolders(error ?? none) };
}

interface Surroundings extends GpuBodySources {
  readonly snapshot: GpuSnapshot;
}

function gpuBody(gpu: GpuReading, { snapshot, view, workers }: Surroundings): object {
  return {
    uuid: gpu.uuid,
    index: gpu.index,
    name: gpu.name,
    driver_version: snapshot.driverVersion,
    cuda_version: snapshot.cudaVersion,
    ...memoryBody(gpu),
    vram_reserved_mb: megabytes(gpu.memory.reservedBytes),
    gpu_utilization_percent: percent(gpu.utilizationRatio.gpu),
    memory_utilization_percent: percent(gpu.utilizationRatio.memory),
    temperature_celsius: gpu.temperatureCelsius,
    temperature_warning: view.temperatureWarnings.has(gpu.uuid),
    slowdown_celsius: gpu.slowdownCelsius,
    power_draw_watts: tenths(gpu.powerWatts),
    power_limit_watts: tenths(gpu.powerLimitWatts),
    clock_mhz: clocksBody(gpu),
    performance_state: gpu.performanceState,
    throttle_reasons: throttleReasons(gpu),
    fan_speed_percent: percent(gpu.fanSpeedRatio),
    pcie: {
      tx_bytes_per_second: gpu.pcieBytesPerSecond.tx,
      rx_bytes_per_second: gpu.pcieBytesPerSecond.rx,
    },
    xid_errors: Object.fromEntries(view.xidCounts.get(gpu.uuid) ?? []),
    recovery_action: gpu.recoveryAction,
    processes: gpu.processes?.map((one) => processBody(one, workers)) ?? null,
    mig_devices: gpu.slices.map((slice) => migBody(slice, workers)),
  };
}

function memoryBody({ memory }: Pick<GpuReading, 'memory'>): object {
  return {
    vram_total_mb: megabytes(memory.totalBytes),
    vram_used_mb: megabytes(memory.usedBytes),
    vram_free_mb: megabytes(memory.freeBytes),
  };
}

function clocksBody({ clocksHertz }: GpuReading): object {
  return {
    graphics: megahertz(clocksHertz.graphics),
    sm: megahertz(clocksHertz.sm),
    memory: megahertz(clocksHertz.memory),
    video: megahertz(clocksHertz.video),
  };
}

function throttleReasons({ clockEventReasons: reasons }: GpuReading): string[] | null {
  return reasons && Object.keys(reasons).filter((reason) => reasons[reason]);
}

/** Our own processes by name; of others only the number, what they are is their owners' business. */
function processBody({ pid, memoryBytes, utilizationRatio }: GpuProcess, workers: Workers): object {
  const worker = workers.find((one) => one.pid === pid)?.id ?? null;
  return {
    pid,
    name: worker,
    worker,
    vram_mb: megabytes(memoryBytes),
    gpu_util_percent: percent(utilizationRatio),
  };
}

function migBody(slice: GpuSliceReading, workers: Workers): object {
  return {
    uuid: slice.uuid,
    ...memoryBody(slice),
    processes: slice.processes.map((one) => processBody(one, workers)),
  };
}
