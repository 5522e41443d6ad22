import { execFile } from 'node:child_process';
import { markHidden } from './visible-gpus.js';

/** A part of a GPU that NVIDIA's multi-instance mode cut off; CUDA addresses it by its UUID. */
export interface GpuSlice {
  readonly uuid: string;
  readonly name: string;
  /** What hides it from CUDA programs; absent = it is visible. */
  readonly hiddenBy?: string;
}

/** A GPU as `nvidia-smi -L` lists it. */
export interface Gpu {
  /** Number in nvidia-smi's order, which is that of the PCI bus. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** Empty unless the GPU is cut into slices; then only the slices can compute. */
  readonly slices: readonly GpuSlice[];
  /** What hides it, with all its slices, from CUDA programs; absent = it may be used. */
  readonly hiddenBy?: string;
}

const TIMEOUT_MS = 10_000;
const GPU_LINE = /^GPU (\d+): (.+?) \(UUID: (GPU-[^)\s]+)\)/;
const SLICE_LINE = /^\s+(MIG .+?)\s+Device\s+\d+: \(UUID: (MIG-[^)\s]+)\)/;

/** Reads the output of `nvidia-smi -L`; lines of any other form are left out. */
export function parseGpuList(output: string): Gpu[] {
  const gpus: (Gpu & { slices: GpuSlice[] })[] = [];
  for (const line of output.split(/\r?\n/)) {
    const [, index, name = '', uuid = ''] = GPU_LINE.exec(line) ?? [];
    if (index !== undefined) gpus.push({ index: Number(index), uuid, name, slices: [] });
    const [, sliceName, sliceUuid = ''] = SLICE_LINE.exec(line) ?? [];
    if (sliceName !== undefined) gpus.at(-1)?.slices.push({ uuid: sliceUuid, name: sliceName });
  }
  return gpus;
}

/**
 * Lists this machine's GPUs; those that `CUDA_VISIBLE_DEVICES` hides are marked. A machine without a
 * working NVIDIA driver has none: `nvidia-smi` is then absent, fails, or hangs and is given up after
 * ten seconds.
 */
export function listGpus(command = 'nvidia-smi'): Promise<readonly Gpu[]> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    execFile(command, ['-L'], options, (error, stdout) => {
      resolve(error === null ? markHidden(parseGpuList(stdout)) : []);
    });
  });
}
