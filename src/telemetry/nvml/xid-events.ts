import type { XidEvent } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { readU64 } from './calls.js';
import { CODE, isLostGpu } from './codes.js';
import { NVML } from './functions.js';
import type { Gpu } from './gpu.js';

/** `nvmlEventTypeXidCriticalError`. */
const XID_EVENT = 0x8;
/** A board that falls apart may tell of it without end; the rest waits for the next time. */
const MOST_AT_ONCE = 64;

/** `nvmlEventData_t`: the GPU at 0, the type at 8, the XID at 16. */
const event = Buffer.alloc(32);

/** The error events of all GPUs that tell of them, as long as the library is not shut down. */
export class XidEvents {
  readonly #calls: NvmlCalls;
  readonly #set: bigint | null;
  readonly #uuids: ReadonlyMap<bigint, string>;

  constructor(calls: NvmlCalls, gpus: readonly Gpu[]) {
    this.#calls = calls;
    this.#uuids = new Map(gpus.map(({ handle, uuid }) => [handle, uuid]));
    this.#set = calls.pointer(NVML.eventSetCreate);
    for (const gpu of gpus) this.#register(gpu);
  }

  /** The events since it was last asked; none are waited for. */
  take(atMs: number): readonly XidEvent[] {
    const taken: XidEvent[] = [];
    for (let turn = 0; turn < MOST_AT_ONCE && this.#next(); turn += 1) {
      const uuid = this.#uuids.get(event.readBigUInt64LE(0));
      const isXid = readU64(event, 8) === XID_EVENT;
      const xid = readU64(event, 16);
      if (isXid && uuid !== undefined && xid !== null) taken.push({ uuid, xid, atMs });
    }
    return taken;
  }

  /** Gives the driver back what it keeps for us. */
  close(): void {
    if (this.#set !== null) this.#calls.call(NVML.eventSetFree, this.#set);
  }

  #register({ handle }: Gpu): void {
    if (this.#set === null) return;
    exceptLost(() => {
      const types = this.#calls.uint(NVML.eventTypes, handle);
      if (types !== null && (types & XID_EVENT) === 0) return;
      this.#calls.call(NVML.registerEvents, handle, XID_EVENT, this.#set);
    });
  }

  #next(): boolean {
    let code: number = CODE.functionNotFound;
    exceptLost(() => {
      if (this.#set !== null) code = this.#calls.call(NVML.eventSetWait, this.#set, event, 0);
    });
    return code === CODE.success;
  }
}

/** That a GPU is lost is told by its readings; here it must not hold up the others. */
function exceptLost(action: () => void): void {
  try {
    action();
  } catch (caught) {
    if (!isLostGpu(caught)) throw caught;
  }
}
