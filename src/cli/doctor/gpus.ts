import type { Gpu, GpuSlice } from '../../config/gpus.js';
import { visibilityWarnings } from '../../config/visible-gpus.js';
import type { CheckContext, Finding } from './check.js';
import { findProgram } from './programs.js';

function line(device: Gpu | GpuSlice): string {
  const { name, uuid, hiddenBy } = device;
  return `${name} ${uuid}${hiddenBy === undefined ? '' : ` (hidden by ${hiddenBy})`}`;
}

function lines(gpu: Gpu): string[] {
  return [`${gpu.index} ${line(gpu)}`, ...gpu.slices.map((slice) => `  ${line(slice)}`)];
}

/** Lists the GPUs that `nvidia-smi` lists, and says which of them are not for us. */
export async function checkGpus({ gpus }: CheckContext): Promise<Finding> {
  const found = await gpus;
  const warnings = visibilityWarnings(found);
  const list = [...found.flatMap(lines), ...warnings].join('\n');
  if (warnings.length > 0) {
    return { state: 'warning', detail: list, advice: 'Correct CUDA_VISIBLE_DEVICES, or unset it.' };
  }
  if (found.length > 0) return { state: 'ok', detail: list };
  const program = await findProgram('nvidia-smi');
  if (program === undefined) {
    return { state: 'ok', detail: 'none (there is no nvidia-smi); the CPU computes' };
  }
  return {
    state: 'warning',
    detail: `${program} lists none; the CPU computes`,
    advice: 'Run `nvidia-smi -L`: it says what is wrong with the driver.',
  };
}
