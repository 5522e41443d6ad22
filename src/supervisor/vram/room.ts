import type { GpuSnapshot } from '../../protocol/gpus.js';
import { memoryOn, processBytesOn } from '../snapshot-memory.js';
import { type GpuRoom, placedBytes } from './budget.js';
import type { Life } from './life.js';

/** Whose room it is. */
export interface RoomOf {
  /** UUID of the GPU or of the slice. */
  readonly uuid: string;
  /** The process that asks. */
  readonly own: Life;
  /** Those of our other workers on it. */
  readonly neighbours: readonly Life[];
}

/** Says what a GPU has for us; undefined if the driver does not tell. */
export function roomOf(
  snapshot: GpuSnapshot,
  { uuid, own, neighbours }: RoomOf,
): GpuRoom | undefined {
  const { freeBytes, usedBytes } = memoryOn(snapshot, uuid) ?? {};
  if (typeof freeBytes !== 'number') return undefined;
  const ours = [own, ...neighbours].reduce(
    (sum, life) => sum + bytesOf(snapshot, { uuid, life }),
    0,
  );
  return {
    // What we think that we have cannot be more than all that is in use.
    availableBytes: freeBytes + Math.min(ours, usedBytes ?? ours),
    neighboursBytes: neighbours.reduce((sum, life) => sum + placedBytes(life.placed), 0),
  };
}

/** What a process has; where the driver does not know it by its id, what its models were measured to take. */
function bytesOf(
  snapshot: GpuSnapshot,
  { uuid, life }: { readonly uuid: string; readonly life: Life },
): number {
  const known = life.pid === undefined ? undefined : processBytesOn(snapshot, uuid, life.pid);
  return known ?? placedBytes(life.loaded);
}
