/** Return codes of NVML that the collector acts on; the numbers are those of `nvml.h`. */
export const CODE = {
  success: 0,
  uninitialized: 1,
  invalidArgument: 2,
  notSupported: 3,
  notFound: 6,
  insufficientSize: 7,
  driverNotLoaded: 9,
  functionNotFound: 13,
  gpuIsLost: 15,
  versionMismatch: 18,
  structVersionMismatch: 25,
  gpuNotFound: 28,
  unknown: 999,
} as const;

/** Drivers have said by any of these that they do not know a newer function or its struct. */
const OTHER_VERSION: ReadonlySet<number> = new Set([
  CODE.invalidArgument,
  CODE.notSupported,
  CODE.functionNotFound,
  CODE.structVersionMismatch,
]);

const WORDS: Readonly<Record<number, string>> = {
  1: 'not initialised',
  4: 'no permission',
  9: 'the NVIDIA driver is not loaded',
  12: 'a library of the driver is missing',
  15: 'a GPU has fallen off the bus',
  17: 'the operating system blocks the device',
  18: 'driver and library are of different versions',
  28: 'there is no GPU',
  999: 'unknown error of the driver',
};

/** After these nothing that the library gave is valid: it is shut down and begun anew. */
const LIFE_CYCLE: ReadonlySet<number> = new Set([
  CODE.uninitialized,
  CODE.driverNotLoaded,
  CODE.gpuIsLost,
  CODE.versionMismatch,
  CODE.gpuNotFound,
]);

/** The library cannot go on as it is. It stays inside this process: a report says it in words. */
export class NvmlError extends Error {
  override readonly name = 'NvmlError';
  readonly code: number;

  constructor(functionName: string, code: number) {
    super(`${functionName} answered ${code}: ${WORDS[code] ?? 'see nvml.h'}.`);
    this.code = code;
  }
}

/** Whether this GPU alone cannot be read any more. */
export function isLostGpu(caught: unknown): boolean {
  return caught instanceof NvmlError && caught.code === CODE.gpuIsLost;
}

/** Whether nothing at all can be learned of this GPU, as in a container that has lost it. */
export function isMuteGpu(caught: unknown): boolean {
  return caught instanceof NvmlError && caught.code === CODE.unknown;
}

/** Whether the code is about the library's life and not about one value. */
export function isLifeCycle(code: number): boolean {
  return LIFE_CYCLE.has(code);
}

/** Whether this version of a function cannot be had, so that an older one is worth trying. */
export function isOtherVersion(code: number): boolean {
  return OTHER_VERSION.has(code);
}
