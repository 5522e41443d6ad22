import type { NvmlCalls } from './calls.js';
import { readU64 } from './calls.js';
import { CODE } from './codes.js';
import type { NvmlSpec } from './functions.js';

/** A process in one of the driver's lists. */
export interface ListedProcess {
  readonly pid: number;
  readonly memoryBytes: number | null;
}

/** Drivers have written rows of these sizes under one and the same name. */
const STRIDES = [16, 24, 32] as const;
const WIDEST = 32;
/** A byte that a row does not end with: neither a size of memory nor a number of an instance does. */
const SENTINEL = 0xa5;
const FIRST_ROOM = 64;
/** More processes than this on one GPU is a driver that counts wrongly. */
const MOST_ROOM = 16_384;

const count = Buffer.alloc(4);
let rows = Buffer.alloc(FIRST_ROOM * WIDEST);

/** Reads a list of processes; null if the driver does not tell. */
export function readProcessList(
  calls: NvmlCalls,
  spec: NvmlSpec,
  device: bigint,
): readonly ListedProcess[] | null {
  for (;;) {
    const room = rows.length / WIDEST;
    rows.fill(SENTINEL);
    count.writeUInt32LE(room);
    const code = calls.call(spec, device, count, rows);
    const needed = count.readUInt32LE();
    if (code === CODE.success) return parse(Math.min(needed, room));
    if (code !== CODE.insufficientSize || room >= MOST_ROOM) return null;
    // Some more than there are now: they may be more when it is asked again.
    rows = Buffer.alloc(Math.min(MOST_ROOM, Math.max(needed + FIRST_ROOM, room * 2)) * WIDEST);
  }
}

function parse(processes: number): readonly ListedProcess[] {
  const stride = strideOf(processes);
  return Array.from({ length: processes }, (_, index) => {
    const at = index * stride;
    return { pid: rows.readUInt32LE(at), memoryBytes: readU64(rows, at + 8) };
  });
}

/** The least stride that accounts for all bytes that were overwritten. */
function strideOf(processes: number): number {
  let written = processes * WIDEST;
  while (written > 0 && rows[written - 1] === SENTINEL) written -= 1;
  return STRIDES.find((stride) => stride * processes >= written) ?? WIDEST;
}
