import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A GPU's memory as `nvidia-smi` tells it. */
export interface SmiMemory {
  readonly uuid: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
}

/** A process that computes on a GPU, as `nvidia-smi` lists it. */
export interface SmiProcess {
  readonly uuid: string;
  readonly pid: number;
  /** Undefined where the driver does not tell. */
  readonly usedBytes: number | undefined;
}

const MIB = 1024 ** 2;
const TIMEOUT_MS = 20_000;

/** Reads the lines that `--format=csv,noheader,nounits` prints: cells divided by commas. */
export function csvRows(output: string): readonly (readonly string[])[] {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line) => line.split(',').map((cell) => cell.trim()));
}

/** MiB as a cell has them; undefined for `[N/A]` and the like. */
export function bytesOf(cell: string | undefined): number | undefined {
  return cell !== undefined && /^\d+$/.test(cell) ? Number(cell) * MIB : undefined;
}

/** NVIDIA's own tool: another way to the driver than ours. */
export class NvidiaSmi {
  readonly #env: NodeJS.ProcessEnv;

  /** @param env Variables on top of this process's; its `PATH` says which one is run. */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#env = { ...process.env, ...env };
  }

  /** A GPU's memory. @throws Error if it is not listed, or its memory is not told. */
  async memory(uuid: string): Promise<SmiMemory> {
    const rows = await this.#query('--query-gpu=uuid,memory.used,memory.total');
    const row = rows.find(([first]) => first === uuid);
    const [usedBytes, totalBytes] = [bytesOf(row?.[1]), bytesOf(row?.[2])];
    if (usedBytes === undefined || totalBytes === undefined) {
      throw new Error(`nvidia-smi does not tell the memory of ${uuid}: ${JSON.stringify(rows)}`);
    }
    return { uuid, usedBytes, totalBytes };
  }

  /** The processes that compute on a GPU; empty also where the driver hides them (containers). */
  async processes(uuid: string): Promise<readonly SmiProcess[]> {
    const rows = await this.#query('--query-compute-apps=gpu_uuid,pid,used_memory');
    return rows
      .filter(([first, pid]) => first === uuid && /^\d+$/.test(pid ?? ''))
      .map(([, pid, used]) => ({ uuid, pid: Number(pid), usedBytes: bytesOf(used) }));
  }

  async #query(question: string): Promise<readonly (readonly string[])[]> {
    const words = [question, '--format=csv,noheader,nounits'];
    const options = { env: this.#env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)('nvidia-smi', words, options);
    return csvRows(stdout);
  }
}
