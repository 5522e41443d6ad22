import { RECOVERY_ACTIONS, type RecoveryAction } from '../../protocol/gpus.js';
import type { NvmlCalls } from './calls.js';
import { CODE } from './codes.js';
import { NVML } from './functions.js';

/** `NVML_FI_DEV_GET_GPU_RECOVERY_ACTION`. */
const RECOVERY_ACTION_FIELD = 230;
/** Offsets in `nvmlFieldValue_t`, which has 40 bytes. */
const RETURN_CODE_OFFSET = 28;
const VALUE_OFFSET = 32;

const struct = Buffer.alloc(40);

/** Reads what the driver advises to do about the GPU. */
export function readRecoveryAction(calls: NvmlCalls, device: bigint): RecoveryAction | null {
  struct.fill(0);
  struct.writeUInt32LE(RECOVERY_ACTION_FIELD);
  if (calls.call(NVML.fieldValues, device, 1, struct) !== CODE.success) return null;
  if (struct.readInt32LE(RETURN_CODE_OFFSET) !== CODE.success) return null;
  // Every integer type of the union begins with the bytes that hold numbers as small as these.
  return RECOVERY_ACTIONS[struct.readUInt16LE(VALUE_OFFSET)] ?? null;
}
