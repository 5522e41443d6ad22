import type { GpuReading } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { readText } from './calls.js';
import { CODE, NvmlError } from './codes.js';
import { readRecoveryAction } from './fields.js';
import { NVML } from './functions.js';
import { readGauges, readUtilization } from './gauges.js';
import { readMemory } from './memory.js';
import { readProcessList } from './process-lists.js';
import { ProcessUtilization } from './process-utilization.js';
import { mergeProcesses } from './processes.js';
import { findSlices, readSlice } from './slices.js';
import type { Slice } from './slices.js';
import { readSlow } from './slow-reading.js';
import type { SlowReading } from './slow-reading.js';

/** `nvmlPciInfo_t`: the bus id of today's form stands behind the one of old. */
const PCI_INFO_BYTES = 68;
const BUS_ID_OFFSET = 36;

/** One GPU, as long as the library is not shut down. */
export class Gpu {
  readonly uuid: string;
  readonly index: number;
  readonly handle: bigint;
  readonly #calls: NvmlCalls;
  readonly #name: string;
  readonly #pciBusId: string | null;
  readonly #utilization = new ProcessUtilization();
  #slices: readonly Slice[];

  private constructor(calls: NvmlCalls, handle: bigint, named: { uuid: string; index: number }) {
    this.#calls = calls;
    this.handle = handle;
    this.uuid = named.uuid;
    this.index = named.index;
    this.#name = calls.text(NVML.name, handle) ?? 'NVIDIA GPU';
    this.#pciBusId = readPciBusId(calls, handle);
    this.#slices = findSlices(calls, handle);
  }

  /**
   * Finds the GPU at a place of NVML's list; undefined if the driver does not let us have it, or
   * not by a name that stays the same.
   */
  static find(calls: NvmlCalls, index: number): Gpu | undefined {
    const handle = calls.pointer(NVML.handleByIndex, index);
    const uuid = handle === null ? null : calls.text(NVML.uuid, handle);
    return handle === null || uuid === null ? undefined : new Gpu(calls, handle, { uuid, index });
  }

  /** Reads what is dear to read, and how the GPU is cut. */
  readSlow(): SlowReading {
    this.#slices = findSlices(this.#calls, this.handle);
    return readSlow(this.#calls, this.handle);
  }

  /**
   * Reads the rest and puts it together.
   * @throws NvmlError 15 if the GPU is lost, 999 if the driver tells nothing at all of it.
   */
  read(slow: SlowReading): GpuReading {
    const { tally } = this.#calls;
    const before = { ...tally };
    const reading = this.#read(slow);
    const isMute = tally.succeeded === before.succeeded && tally.unknown > before.unknown;
    if (isMute) throw new NvmlError('Every function', CODE.unknown);
    return reading;
  }

  #read(slow: SlowReading): GpuReading {
    const calls = this.#calls;
    const { encoderRatio: encoder, decoderRatio: decoder, graphicsProcesses, ...kept } = slow;
    return {
      uuid: this.uuid,
      index: this.index,
      name: this.#name,
      pciBusId: this.#pciBusId,
      memory: readMemory(calls, this.handle),
      utilizationRatio: { ...readUtilization(calls, this.handle), encoder, decoder },
      ...readGauges(calls, this.handle),
      ...kept,
      recoveryAction: readRecoveryAction(calls, this.handle),
      processes: mergeProcesses({
        compute: readProcessList(calls, NVML.computeProcesses, this.handle),
        graphics: graphicsProcesses,
        utilization: this.#utilization.read(calls, this.handle),
      }),
      slices: this.#slices.map((slice) => readSlice(calls, slice)),
    };
  }
}

function readPciBusId(calls: NvmlCalls, device: bigint): string | null {
  const struct = Buffer.alloc(PCI_INFO_BYTES);
  if (calls.call(NVML.pciInfo, device, struct) !== CODE.success) return null;
  return readText(struct.subarray(BUS_ID_OFFSET));
}
