import type { NvmlCalls } from './calls.js';
import { CODE, NvmlError, isLostGpu } from './codes.js';
import { NVML } from './functions.js';
import { Gpu } from './gpu.js';
import { XidEvents } from './xid-events.js';

/** The time between the library's initialisation and its shutdown: what was found is good so long. */
export class Session {
  readonly driverVersion: string | null;
  readonly cudaVersion: string | null;
  readonly gpus: readonly Gpu[];
  readonly xids: XidEvents;
  /** GPUs of the driver's list that nothing can be learned of. */
  readonly unreadable: number;
  readonly #calls: NvmlCalls;
  readonly #count: number;

  private constructor(calls: NvmlCalls) {
    this.#calls = calls;
    this.driverVersion = calls.text(NVML.driverVersion);
    this.cudaVersion = versionText(calls.uint(NVML.cudaVersion));
    this.#count = countGpus(calls);
    const found = Array.from({ length: this.#count }, (_, index) => findGpu(calls, index));
    this.gpus = found.filter((gpu) => gpu !== undefined);
    this.unreadable = this.#count - this.gpus.length;
    if (this.#count > 0 && this.unreadable === this.#count) {
      throw new Error(`None of the driver's ${this.#count} GPUs can be read.`);
    }
    this.xids = new XidEvents(calls, this.gpus);
  }

  /**
   * Initialises the library and looks at what is there.
   * @throws NvmlError if that cannot be done now.
   */
  static open(calls: NvmlCalls): Session {
    const code = calls.call(NVML.init);
    if (code !== CODE.success) throw new NvmlError(NVML.init.names[0], code);
    try {
      return new Session(calls);
    } catch (caught) {
      shutDown(calls);
      throw caught;
    }
  }

  /** Whether there are more or fewer GPUs than were found. */
  isOutdated(): boolean {
    return (this.#calls.uint(NVML.count) ?? this.#count) !== this.#count;
  }

  /** Shuts the library down, so far as it lets itself be shut down. */
  close(): void {
    try {
      this.xids.close();
    } catch {
      // The shutdown frees it too, or nothing does.
    }
    shutDown(this.#calls);
  }
}

function countGpus(calls: NvmlCalls): number {
  const count = calls.uint(NVML.count);
  // No GPUs would be another message: that there are none.
  if (count === null) throw new Error('NVML does not say how many GPUs there are.');
  return count;
}

function findGpu(calls: NvmlCalls, index: number): Gpu | undefined {
  try {
    return Gpu.find(calls, index);
  } catch (caught) {
    if (isLostGpu(caught)) return undefined;
    throw caught;
  }
}

function shutDown(calls: NvmlCalls): void {
  try {
    calls.call(NVML.shutdown);
  } catch {
    // Whatever it answers, it is begun anew.
  }
}

/** 13000 → `13.0`. */
function versionText(version: number | null): string | null {
  if (version === null) return null;
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}
