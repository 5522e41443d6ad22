import type { NvmlCalls } from './calls.js';
import { readU64 } from './calls.js';
import { CODE } from './codes.js';
import { NVML } from './functions.js';
import { ratio } from './gauges.js';

/** `nvmlProcessUtilizationSample_t`: pid at 0, time at 8, use of the multiprocessors at 16. */
const SAMPLE_BYTES = 32;
const FIRST_ROOM = 64;
const MOST_ROOM = 16_384;

const count = Buffer.alloc(4);
let samples = Buffer.alloc(FIRST_ROOM * SAMPLE_BYTES);

/** How much one GPU computed for each process since it was last asked. */
export class ProcessUtilization {
  #sinceUs = 0;

  /** By process id; a process that computed nothing is not in it. */
  read(calls: NvmlCalls, device: bigint): ReadonlyMap<number, number | null> {
    for (;;) {
      const room = samples.length / SAMPLE_BYTES;
      count.writeUInt32LE(room);
      const code = calls.call(NVML.processUtilization, device, samples, count, this.#sinceUs);
      const given = count.readUInt32LE();
      if (code === CODE.success) return this.#parse(Math.min(given, room));
      if (code !== CODE.insufficientSize || room >= MOST_ROOM) return new Map();
      samples = Buffer.alloc(
        Math.min(MOST_ROOM, Math.max(given + FIRST_ROOM, room * 2)) * SAMPLE_BYTES,
      );
    }
  }

  #parse(given: number): ReadonlyMap<number, number | null> {
    const utilization = new Map<number, number | null>();
    const newestUs = new Map<number, number>();
    for (let at = 0; at < given * SAMPLE_BYTES; at += SAMPLE_BYTES) {
      const pid = samples.readUInt32LE(at);
      const timeUs = readU64(samples, at + 8);
      if (timeUs === null || timeUs < (newestUs.get(pid) ?? 0)) continue;
      newestUs.set(pid, timeUs);
      utilization.set(pid, ratio(samples.readUInt32LE(at + 16)));
      this.#sinceUs = Math.max(this.#sinceUs, timeUs);
    }
    return utilization;
  }
}
