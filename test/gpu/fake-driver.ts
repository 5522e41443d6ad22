import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { FakeNvml, fakeGpu, type FakeGpu } from '../support/fake-nvml.js';
import { nvidiaSmiOf, type FakeNvidiaSmi } from '../support/nvidia-smi.js';

const GIB = 1024 ** 3;
const EVERY_MS = 100;
/** What every process of a device has of its memory. */
const PROCESS_BYTES = 3 * GIB;
const BASE_BYTES = GIB;

/**
 * A driver for rehearsals: NVML and `nvidia-smi` of one machine, whose one GPU has the processes that
 * were started for it. It is looked at as a real one is; nothing of it computes.
 */
export class FakeDriver {
  readonly uuid: string;
  /** Variables of whoever shall see it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #nvml: FakeNvml;
  readonly #smi: FakeNvidiaSmi;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  #pids = '';

  private constructor(gpu: FakeGpu, nvml: FakeNvml, smi: FakeNvidiaSmi) {
    this.uuid = gpu.uuid;
    this.#nvml = nvml;
    this.#smi = smi;
    this.env = { ...nvml.env, NVML_LIBRARY: nvml.libraryPath, PATH: smi.path };
    this.#timer = setInterval(
      () => void (this.#looking = this.#looking.then(() => this.#look())),
      EVERY_MS,
    );
  }

  /** Makes one with a GPU that nobody uses. */
  static async create(): Promise<FakeDriver> {
    const memory = { totalBytes: 80 * GIB, usedBytes: BASE_BYTES, reservedBytes: GIB / 2 };
    const gpu = fakeGpu(0, { memory });
    const nvml = await FakeNvml.create({ gpus: [gpu] });
    const script = fileURLToPath(new URL('./fake-nvidia-smi.js', import.meta.url));
    const state = nvml.env.FAKE_NVML_STATE;
    const run = `exec '${process.execPath}' '${script}' '${state}' "$@"`;
    return new FakeDriver(gpu, nvml, await nvidiaSmiOf(`#!/bin/sh\n${run}\n`));
  }

  /** Removes it. */
  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#smi.remove();
    await this.#nvml.dispose();
  }

  async #look(): Promise<void> {
    const pids = await processesFor(this.uuid);
    if (pids.join() === this.#pids) return;
    this.#pids = pids.join();
    const [{ memory } = {}] = this.#nvml.state.gpus;
    await this.#nvml.setGpu(0, {
      processes: pids.map((pid) => ({ pid, memoryBytes: PROCESS_BYTES })),
      ...(memory && {
        memory: { ...memory, usedBytes: BASE_BYTES + pids.length * PROCESS_BYTES },
      }),
    });
  }
}

/** Processes that see this GPU and no other; one that has ended has no environment any more. */
async function processesFor(uuid: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return pids
    .filter((_, at) => environments[at]?.split('\0').includes(`CUDA_VISIBLE_DEVICES=${uuid}`))
    .map(Number);
}
