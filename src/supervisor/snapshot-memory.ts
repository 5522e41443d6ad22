import type { GpuMemory, GpuProcess, GpuSnapshot } from '../protocol/gpus.js';

/** Finds the memory of a GPU or of a slice of one; undefined if it is not there. */
export function memoryOn({ gpus }: GpuSnapshot, uuid: string): GpuMemory | undefined {
  const places = [...gpus, ...gpus.flatMap(({ slices }) => slices)];
  return places.find((place) => place.uuid === uuid)?.memory;
}

/** Finds how much memory of a GPU, or of a slice of one, is in use; undefined if it is not told. */
export function usedBytesOn(snapshot: GpuSnapshot, uuid: string): number | undefined {
  return memoryOn(snapshot, uuid)?.usedBytes ?? undefined;
}

/** Finds how much memory a process has of a GPU with its slices, or of a slice; undefined if unknown. */
export function processBytesOn(
  snapshot: GpuSnapshot,
  uuid: string,
  pid: number,
): number | undefined {
  for (const { uuid: gpu, processes, slices } of snapshot.gpus) {
    const ours = gpu === uuid ? slices : slices.filter((slice) => slice.uuid === uuid);
    if (gpu !== uuid && ours.length === 0) continue;
    // A GPU may list what its slices list, too: it counts once.
    const inSlices = sumOf(
      ours.flatMap((slice) => slice.processes),
      pid,
    );
    return inSlices ?? sumOf(processes ?? [], pid);
  }
  return undefined;
}

function sumOf(processes: readonly GpuProcess[], pid: number): number | undefined {
  const known = processes
    .filter((one) => one.pid === pid)
    .map(({ memoryBytes }) => memoryBytes)
    .filter((bytes) => bytes !== null);
  return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
}
