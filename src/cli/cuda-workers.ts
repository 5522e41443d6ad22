import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkerPlan } from '../config/devices.js';
import { childEnvironment } from '../config/environment.js';
import type { Settings } from '../config/settings.js';
import { readBinding } from '../cuda/binding.js';
import { cudaEnvironment, installationFaults, readCudaInstallation } from '../cuda/installation.js';
import type { CudaInstallation } from '../cuda/installation.js';
import { PROVIDER } from '../cuda/pieces.js';
import { ChorusError } from '../protocol/errors.js';

/** CUDA's libraries as workers on GPUs are to find them. */
export interface CudaForWorkers {
  /** Additions to the environment of a process that computes on a GPU. */
  readonly environment: Readonly<Record<string, string>>;
  /** What an operator should know, each with what to do. */
  readonly warnings: readonly string[];
}

const SET_UP = 'Run `chorus setup cuda`.';

/** Finds out what workers on GPUs need to compute there; nothing where no worker is on a GPU. */
export async function cudaForWorkers(
  { cudaDir }: Pick<Settings, 'cudaDir'>,
  plans: readonly Pick<WorkerPlan, 'device'>[],
): Promise<CudaForWorkers> {
  if (plans.every(({ device }) => device.kind === 'cpu')) return { environment: {}, warnings: [] };
  return lookForCuda(cudaDir);
}

/** Looks at an installation, whether a worker needs it or not. */
export async function lookForCuda(cudaDir: string): Promise<CudaForWorkers> {
  try {
    const installation = await readCudaInstallation(cudaDir);
    if (installation !== undefined) return await withInstallation(installation);
    return { environment: {}, warnings: await warningsWithout(cudaDir) };
  } catch (caught) {
    if (!(caught instanceof ChorusError)) throw caught;
    return { environment: {}, warnings: [caught.message] };
  }
}

async function withInstallation(installation: CudaInstallation): Promise<CudaForWorkers> {
  const { version } = await readBinding();
  const faults = await installationFaults(installation, { version, thoroughness: 'sizes' });
  const warnings = faults.map(
    (fault) => `CUDA in ${installation.dir} is not in order: ${fault}. ${SET_UP}`,
  );
  // The copy of another onnxruntime-node's library would keep this one from loading at all.
  if (installation.record.onnxruntimeVersion !== version) return { environment: {}, warnings };
  return { environment: { ...cudaEnvironment(installation, childEnvironment()) }, warnings };
}

/** Who has put the provider beside onnxruntime-node's own library needs no installation of ours. */
async function warningsWithout(cudaDir: string): Promise<readonly string[]> {
  const { runtime } = await readBinding();
  const provider = join(dirname(runtime), PROVIDER);
  if ((await stat(provider).catch(() => undefined)) !== undefined) return [];
  return [
    `onnxruntime-node has no libraries for GPUs, and ${cudaDir} (CUDA_DIR) holds none: models ` +
      `cannot run on a GPU. ${SET_UP}`,
  ];
}
