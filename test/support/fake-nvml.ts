/**
 * A machine with NVIDIA GPUs for tests: NVIDIA's management library (NVML) as a real shared library
 * that answers from a file. The sources are in `test/fake-nvml`.
 *
 * ```ts
 * const nvml = await FakeNvml.create({ gpus: fakeGpus(8) });
 * const child = fork(entry, { env: { ...process.env, ...nvml.env } });  // FAKE_NVML_STATE
 * // …the program's setting NVML_LIBRARY, or `TelemetryInit.nvmlLibrary`, is nvml.libraryPath
 * await nvml.setGpu(2, { temperatureCelsius: 91 });            // from the next call on
 * await nvml.setGpu(3, { faults: { '*': NVML.gpuIsLost } });   // it has fallen off the bus
 * await nvml.set({ faults: { nvmlInit_v2: NVML.driverNotLoaded } });
 * await nvml.xid(0, 79);                                       // once for each process
 * await nvml.dispose();
 * ```
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compileFakeNvml, type FakeSymbols } from '../fake-nvml/compile.js';
import { fakeGpus } from '../fake-nvml/gpus.js';
import type { FakeGpu, FakeState } from '../fake-nvml/machine.js';
import { stateText } from '../fake-nvml/state-file.js';

export { compileFakeNvml, type FakeSymbols } from '../fake-nvml/compile.js';
export { fakeGpu, fakeGpus } from '../fake-nvml/gpus.js';
export {
  NVML,
  type FakeFaults,
  type FakeGpu,
  type FakeMemory,
  type FakeProcess,
  type FakeSlice,
  type FakeState,
  type FakeXid,
} from '../fake-nvml/machine.js';

/** The fake library and the file that it answers from. */
export class FakeNvml {
  /** What `NVML_LIBRARY` shall say. */
  readonly libraryPath: string;
  /** What the process that loads the library needs in its environment. */
  readonly env: Readonly<{ FAKE_NVML_STATE: string }>;
  #state: FakeState;
  readonly #folder: string;

  private constructor(folder: string, libraryPath: string, state: FakeState) {
    this.#folder = folder;
    this.libraryPath = libraryPath;
    this.env = { FAKE_NVML_STATE: join(folder, 'state') };
    this.#state = state;
  }

  /** Makes a machine; without a word it has 8 GPUs that support everything. */
  static async create(
    state: Partial<FakeState> = {},
    symbols: FakeSymbols = { without: [] },
  ): Promise<FakeNvml> {
    const { libraryPath } = await compileFakeNvml(symbols);
    const folder = await mkdtemp(join(tmpdir(), 'chorus-fake-nvml-state-'));
    const whole = { driverVersion: '580.65.06', cudaVersion: 13000, gpus: fakeGpus(8), ...state };
    const fake = new FakeNvml(folder, libraryPath, whole);
    await fake.set({});
    return fake;
  }

  /** What the library answers from now. */
  get state(): FakeState {
    return this.#state;
  }

  /** A file that appears when a function has begun to hang; it holds the function's name. */
  get hungFile(): string {
    return `${this.env.FAKE_NVML_STATE}.hung`;
  }

  /** A file that has a line for each time that the library was shut down for good. */
  get shutdownFile(): string {
    return `${this.env.FAKE_NVML_STATE}.shutdown`;
  }

  /** Changes parts of the machine, in one step for whoever reads. */
  async set(change: Partial<FakeState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const file = this.env.FAKE_NVML_STATE;
    await writeFile(`${file}.new`, stateText(this.#state));
    await rename(`${file}.new`, file);
  }

  /** Changes parts of one GPU; `undefined` = not supported any more. */
  async setGpu(index: number, change: Partial<FakeGpu>): Promise<void> {
    const gpus = this.#state.gpus.map((gpu, at) => (at === index ? { ...gpu, ...change } : gpu));
    await this.set({ gpus });
  }

  /** Has a GPU report an error event. */
  async xid(gpu: number, xid: number): Promise<void> {
    const xids = this.#state.xids ?? [];
    await this.set({ xids: [...xids, { id: xids.length + 1, gpu, xid }] });
  }

  /** Removes the file; the library stays for the next test. */
  async dispose(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
