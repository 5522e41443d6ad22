import { CODE, NvmlError, isLifeCycle, isOtherVersion } from './codes.js';
import type { NvmlSpec } from './functions.js';
import type { NvmlArgument, NvmlFunction, NvmlLibrary } from './library.js';

/** The longest text of NVML is a UUID of version 2, of 96 bytes. */
const SCRATCH_BYTES = 96;

type NamedFunction = readonly [name: string, call: NvmlFunction];

/**
 * NVML with its answers sorted: a value, or `null` for whatever the driver does not say, or an
 * {@link NvmlError} if the library cannot go on. A function that the library does not have answers
 * like one that the driver does not support.
 */
export class NvmlCalls {
  /** How many calls have succeeded and how many got the error that tells nothing. */
  readonly tally = { succeeded: 0, unknown: 0 };
  readonly #library: NvmlLibrary;
  readonly #found = new Map<NvmlSpec, readonly NamedFunction[]>();
  /** Calls are synchronous and their answers are copied at once, so one piece of memory does. */
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);

  constructor(library: NvmlLibrary) {
    this.#library = library;
  }

  /**
   * Calls a function under the newest name that works, and answers its return code.
   * @throws NvmlError if the code is about the library's life.
   */
  call(spec: NvmlSpec, ...values: NvmlArgument[]): number {
    let code: number = CODE.functionNotFound;
    for (const [name, native] of this.#functions(spec)) {
      code = native(...values);
      if (isLifeCycle(code)) throw new NvmlError(name, code);
      if (!isOtherVersion(code)) break;
    }
    if (code === CODE.unknown) this.tally.unknown += 1;
    else if (code === CODE.success) this.tally.succeeded += 1;
    return code;
  }

  /** Asks for a number of 32 bits, which the function writes where its last argument says. */
  uint(spec: NvmlSpec, ...values: NvmlArgument[]): number | null {
    const code = this.call(spec, ...values, this.#scratch);
    return code === CODE.success ? readU32(this.#scratch, 0) : null;
  }

  /** Asks for a number of 64 bits. */
  ulong(spec: NvmlSpec, ...values: NvmlArgument[]): number | null {
    const code = this.call(spec, ...values, this.#scratch);
    return code === CODE.success ? readU64(this.#scratch, 0) : null;
  }

  /** Asks for an address, which is good only for being given back. */
  pointer(spec: NvmlSpec, ...values: NvmlArgument[]): bigint | null {
    const code = this.call(spec, ...values, this.#scratch);
    return code === CODE.success ? this.#scratch.readBigUInt64LE() : null;
  }

  /** Asks for a text; of a device, or of the system if there is no argument. */
  text(spec: NvmlSpec, ...values: NvmlArgument[]): string | null {
    const code = this.call(spec, ...values, this.#scratch, SCRATCH_BYTES);
    return code === CODE.success ? readText(this.#scratch) : null;
  }

  #functions(spec: NvmlSpec): readonly NamedFunction[] {
    let found = this.#found.get(spec);
    if (!found) {
      found = spec.names.flatMap((name): NamedFunction[] => {
        const native = this.#library.find(name, spec.takes);
        return native ? [[name, native]] : [];
      });
      this.#found.set(spec, found);
    }
    return found;
  }
}

const ALL_ONES = 0xffff_ffff;

/** Reads a number of 32 bits; all ones are how a driver says that it does not know. */
export function readU32(from: Buffer, offset: number): number | null {
  const value = from.readUInt32LE(offset);
  return value === ALL_ONES ? null : value;
}

/**
 * Reads a number of 64 bits; all ones are how a driver says that it does not know. What is beyond
 * 2^53 loses its last digits, which no gauge misses.
 */
export function readU64(from: Buffer, offset: number): number | null {
  const high = from.readUInt32LE(offset + 4);
  const low = from.readUInt32LE(offset);
  return high === ALL_ONES && low === ALL_ONES ? null : high * 2 ** 32 + low;
}

/** Reads a C string. */
export function readText(from: Buffer): string {
  const end = from.indexOf(0);
  return from.toString('utf8', 0, end === -1 ? from.length : end);
}
