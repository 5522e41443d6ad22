import type { GpuSliceReading } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { NVML } from './functions.js';
import { readMemory } from './memory.js';
import { readProcessList } from './process-lists.js';
import { mergeProcesses } from './processes.js';

/** A slice as it was found; its handle is good until the slices are cut anew. */
export interface Slice {
  readonly handle: bigint;
  readonly uuid: string;
}

/** Finds the slices that a GPU is cut into; most are cut into none. */
export function findSlices(calls: NvmlCalls, device: bigint): readonly Slice[] {
  const most = calls.uint(NVML.maxSliceCount, device) ?? 0;
  return Array.from({ length: most }, (_, index) => findSlice(calls, device, index)).filter(
    (slice) => slice !== undefined,
  );
}

function findSlice(calls: NvmlCalls, device: bigint, index: number): Slice | undefined {
  const handle = calls.pointer(NVML.sliceByIndex, device, index);
  if (handle === null) return undefined;
  const uuid = calls.text(NVML.uuid, handle);
  return uuid === null ? undefined : { handle, uuid };
}

/** Reads a slice; the driver tells no use of processes inside one. */
export function readSlice(calls: NvmlCalls, { handle, uuid }: Slice): GpuSliceReading {
  const compute = readProcessList(calls, NVML.computeProcesses, handle);
  const processes = mergeProcesses({ compute, graphics: null, utilization: new Map() });
  return { uuid, memory: readMemory(calls, handle), processes: processes ?? [] };
}
