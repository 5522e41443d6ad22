import type { GpuProcess } from '../../protocol/gpus.js';
import type { ListedProcess } from './process-lists.js';

/** What the driver says of a GPU's processes, in its three lists. */
export interface ProcessLists {
  readonly compute: readonly ListedProcess[] | null;
  readonly graphics: readonly ListedProcess[] | null;
  readonly utilization: ReadonlyMap<number, number | null>;
}

/**
 * Makes one list of the driver's. A process that draws and computes is in two of them, with the
 * same memory: it counts once. Null if the driver does not tell which there are.
 */
export function mergeProcesses(lists: ProcessLists): readonly GpuProcess[] | null {
  const { compute, graphics, utilization } = lists;
  // That nobody draws does not tell who computes.
  if (compute === null && (graphics ?? []).length === 0) return null;
  const memory = new Map<number, number | null>();
  for (const { pid, memoryBytes } of [...(compute ?? []), ...(graphics ?? [])]) {
    memory.set(pid, larger(memory.get(pid) ?? null, memoryBytes));
  }
  return Array.from(memory, ([pid, memoryBytes]) => ({
    pid,
    memoryBytes,
    utilizationRatio: utilization.get(pid) ?? null,
  }));
}

function larger(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
