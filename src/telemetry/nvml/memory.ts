import type { GpuMemory } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { readU64 } from './calls.js';
import { CODE, isOtherVersion } from './codes.js';
import { NVML } from './functions.js';

/** `nvmlMemory_v2_t`: its size, and its version in the highest byte. */
const VERSION_2 = 40 | (2 << 24);

const UNKNOWN: GpuMemory = {
  totalBytes: null,
  usedBytes: null,
  freeBytes: null,
  reservedBytes: null,
};

const struct = Buffer.alloc(40);

/**
 * Reads the memory of a GPU or of a slice. What counts as used is what programs have: total less
 * free less what the driver reserves. That is taken from these three because the header says that
 * `used` has the reserve in it and some drivers leave it out. The older call does not tell the
 * reserve: there, `used` is passed on with the reserve in it. Boards that share the machine's
 * memory say nothing.
 */
export function readMemory(calls: NvmlCalls, device: bigint): GpuMemory {
  struct.fill(0);
  struct.writeUInt32LE(VERSION_2);
  const code = calls.call(NVML.memoryWithReserve, device, struct);
  if (isOtherVersion(code)) return readOldMemory(calls, device);
  if (code !== CODE.success) return UNKNOWN;
  const totalBytes = readU64(struct, 8);
  const reservedBytes = readU64(struct, 16);
  const freeBytes = readU64(struct, 24);
  const usedBytes = rest(totalBytes, freeBytes, reservedBytes);
  return {
    totalBytes,
    usedBytes,
    freeBytes: within(totalBytes, freeBytes),
    reservedBytes: within(totalBytes, reservedBytes),
  };
}

/** What is left of a whole; null if a part is unknown, or the parts are more than the whole. */
function rest(whole: number | null, ...parts: readonly (number | null)[]): number | null {
  if (whole === null) return null;
  let left = whole;
  for (const part of parts) {
    if (part === null || part > left) return null;
    left -= part;
  }
  return left;
}

/** Memory that is more than there is does not exist. */
function within(whole: number | null, part: number | null): number | null {
  return whole !== null && part !== null && part > whole ? null : part;
}

function readOldMemory(calls: NvmlCalls, device: bigint): GpuMemory {
  if (calls.call(NVML.memory, device, struct) !== CODE.success) return UNKNOWN;
  const totalBytes = readU64(struct, 0);
  return {
    totalBytes,
    freeBytes: within(totalBytes, readU64(struct, 8)),
    usedBytes: within(totalBytes, readU64(struct, 16)),
    reservedBytes: null,
  };
}
