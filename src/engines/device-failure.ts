import { ChorusError } from '../protocol/errors.js';

/** How onnxruntime names a failed call of a CUDA library (`CudaCall` in its cuda_call.cc). */
const FAILED_CALL = /\b(CUDA|CUBLAS|CUDNN|CUFFT) failure (\d+)\b/;

/**
 * How its arena says that the device had none of the memory that it wanted: it keeps the failed call
 * of CUDA to itself (`BFCArena::AllocateRawInternal` in its bfc_arena.cc).
 */
const ARENA_IS_FULL = /\bFailed to allocate memory for requested buffer of size \d+/;

const CUDA_OUT_OF_MEMORY = 2;
/** `CUBLAS_STATUS_ALLOC_FAILED`. */
const CUBLAS_OUT_OF_MEMORY = 3;

/**
 * CUDA runtime errors after which every further call of the process fails too. Source: the notes
 * "the process must be terminated and relaunched" on `cudaError` in the CUDA runtime API.
 */
const STICKY_CUDA_ERRORS: ReadonlySet<number> = new Set([
  214, // uncorrectable ECC error
  220, // uncorrectable NVLink error
  700, // illegal address
  702, // launch time-out
  710, // assert on the device
  714, // hardware stack error
  715, // illegal instruction
  716, // misaligned address
  717, // invalid address space
  718, // invalid program counter
  719, // launch failure
]);

/** Failures of the libraries above CUDA that mean a kernel did not run; by library. */
const EXECUTION_FAILED: Readonly<Record<string, (status: number) => boolean>> = {
  CUBLAS: (status) => status === 13 || status === 14,
  // cuDNN 8 numbers it 8; since 9 it is the range from 5000.
  CUDNN: (status) => status === 8 || (status >= 5_000 && status < 6_000),
  CUFFT: (status) => status === 6,
};

/**
 * Tells what a native call's failure means for the device, by the number in it: onnxruntime hands
 * out no code beside its text. Undefined = nothing about the device.
 */
export function deviceFailure(caught: unknown): ChorusError | undefined {
  if (!(caught instanceof Error) || caught instanceof ChorusError) return undefined;
  if (isOutOfMemory(caught.message)) return outOfMemory(caught);
  const [, library = '', number = ''] = FAILED_CALL.exec(caught.message) ?? [];
  if (library === '') return undefined;
  const status = Number(number);
  const sticky =
    library === 'CUDA'
      ? STICKY_CUDA_ERRORS.has(status)
      : (EXECUTION_FAILED[library]?.(status) ?? false);
  if (!sticky) return undefined;
  const message = `The device failed in the middle of the work (${library} ${status}).`;
  return new ChorusError('device_lost', message, {}, { cause: caught });
}

/**
 * Tells what a failure to load means, with the words of the library: an operator reads them. Want of
 * memory is told from what is wrong with the model.
 */
export function loadFailure(caught: unknown): ChorusError {
  if (caught instanceof ChorusError || !(caught instanceof Error)) {
    return ChorusError.withCode('model_failed', caught);
  }
  const code = isOutOfMemory(caught.message) ? 'out_of_memory' : 'model_failed';
  return ChorusError.withCode(code, caught);
}

function isOutOfMemory(message: string): boolean {
  if (ARENA_IS_FULL.test(message)) return true;
  const [, library, number] = FAILED_CALL.exec(message) ?? [];
  const status = Number(number);
  if (library === 'CUDA') return status === CUDA_OUT_OF_MEMORY;
  return library === 'CUBLAS' && status === CUBLAS_OUT_OF_MEMORY;
}

function outOfMemory(cause: Error): ChorusError {
  const message = 'The device has not enough free memory for this request at present.';
  return new ChorusError('out_of_memory', message, { retryAfterMs: 1_000 }, { cause });
}
