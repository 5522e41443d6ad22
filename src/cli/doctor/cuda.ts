import { readCudaInstallation } from '../../cuda/installation.js';
import { driverProblem, inspectMachine } from '../../cuda/machine.js';
import { lookForCuda } from '../cuda-workers.js';
import type { CheckContext, Finding } from './check.js';
import { plannedGpus } from './onnx-runtime.js';

const SET_UP = 'Run `chorus setup cuda`, then `chorus setup cuda --check`.';

/**
 * Looks whether CUDA's libraries are where workers on GPUs find them, and names each that is not,
 * and whether the driver is new enough for them. Whether they compute is another check's matter.
 */
export async function checkCudaLibraries(context: CheckContext): Promise<Finding> {
  const { cudaDir, requireGpu } = context.settings;
  const gpus = await plannedGpus(context);
  const { environment, warnings } = await lookForCuda(cudaDir);
  const path = environment['LD_LIBRARY_PATH'];
  if (gpus.length === 0 && path === undefined) {
    const isThere = (await readCudaInstallation(cudaDir).catch(() => 'damaged')) !== undefined;
    if (!isThere) return { state: 'ok', detail: 'no worker is on a GPU; none is needed' };
  }
  const { driver } = await inspectMachine(context.signal);
  const old = driverProblem(driver);
  const said = `driver: ${driver ?? 'none'}`;
  const where = path === undefined ? [] : [`LD_LIBRARY_PATH of workers on GPUs: ${path}`];
  const problems = old === undefined ? warnings : [...warnings, old];
  const detail = [...where, said, ...problems].join('\n');
  if (problems.length === 0) return { state: 'ok', detail };
  const state = requireGpu && gpus.length > 0 ? 'failed' : 'warning';
  return { state, detail, advice: warnings.length > 0 ? SET_UP : 'Install a newer driver.' };
}
