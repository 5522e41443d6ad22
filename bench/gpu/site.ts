import { type Gpu, listGpus } from '../../src/config/gpus.js';
import { modelsFolder } from '../support/models.js';

/** Where GPU checks and the GPU bench run. */
export interface GpuSite {
  /** What `TTS_GPUS` and `ASR_GPUS` are set to: the UUID of a GPU, or `cpu`. */
  readonly device: string;
  /** What computes: for the printed lines. */
  readonly name: string;
  /**
   * The CPU computes in the GPU's place. All is run, and nothing is asked for that only a GPU has:
   * it proves that the checks work, and nothing about a GPU.
   */
  readonly isRehearsal: boolean;
  /** Variables of the server, and of `nvidia-smi`, on top of this process's. */
  readonly env: NodeJS.ProcessEnv;
  readonly modelsDir: string;
}

/** What a site is looked for with. */
export interface SiteOptions {
  /** Number or UUID of a GPU, or `cpu` for a rehearsal; undefined = the first that is visible. */
  readonly device?: string | undefined;
  readonly modelsDir?: string | undefined;
}

/** Variable that says the device where there is no command line. */
export const DEVICE_VARIABLE = 'CHORUS_GPU_TESTS_DEVICE';

/** What is said where there is no GPU. */
export const NO_GPU =
  'Skipped: `nvidia-smi -L` lists no GPU here, or CUDA_VISIBLE_DEVICES hides them all. ' +
  '`chorus setup cuda --check` says what is missing. ' +
  `${DEVICE_VARIABLE}=cpu rehearses on the CPU, which proves nothing about a GPU.`;

/** Devices that a worker can be bound to: whole GPUs, and slices of those that are cut. */
function usable(gpus: readonly Gpu[]): readonly { uuid: string; name: string; index: number }[] {
  return gpus
    .flatMap((gpu) =>
      gpu.slices.length === 0 ? [gpu] : gpu.slices.map((slice) => ({ ...gpu, ...slice })),
    )
    .filter(({ hiddenBy }) => hiddenBy === undefined);
}

/**
 * Finds where to run; undefined where there is no GPU.
 * @throws Error if a device is named that is not there.
 */
export async function findSite(options: SiteOptions = {}): Promise<GpuSite | undefined> {
  const modelsDir = modelsFolder(options.modelsDir);
  const device = options.device ?? process.env[DEVICE_VARIABLE];
  if (device === 'cpu') {
    return { device, name: 'CPU (rehearsal)', isRehearsal: true, env: {}, modelsDir };
  }
  const devices = usable(await listGpus());
  const isMeant = ({ uuid, index }: { uuid: string; index: number }): boolean =>
    device === undefined || uuid === device || String(index) === device;
  const found = devices.find(isMeant);
  if (found !== undefined) {
    return { device: found.uuid, name: found.name, isRehearsal: false, env: {}, modelsDir };
  }
  if (device === undefined) return undefined;
  const there = devices.map(({ index, uuid }) => `${index} ${uuid}`).join(', ');
  throw new Error(`There is no GPU ${device} that may be used. There are: ${there || 'none'}.`);
}
