import type { Gpu } from '../../config/gpus.js';
import type { CheckContext, Finding } from './check.js';
import { findProgram } from './programs.js';

function lines({ index, name, uuid, slices }: Gpu): string[] {
  return [`${index} ${name} ${uuid}`, ...slices.map((slice) => `  ${slice.name} ${slice.uuid}`)];
}

/** Lists the GPUs that `nvidia-smi` lists. */
export async function checkGpus({ gpus }: CheckContext): Promise<Finding> {
  const found = await gpus;
  if (found.length > 0) return { state: 'ok', detail: found.flatMap(lines).join('\n') };
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
