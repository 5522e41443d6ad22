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
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Tests run compiled, from `dist`; the C source stays where it is written. */
const SOURCE = new URL('../../../test/fake-nvml/nvml.c', import.meta.url);
const LIBRARY = 'libnvidia-ml.so.1';

/** Codes that NVML's functions answer. */
export const NVML = {
  uninitialized: 1,
  notSupported: 3,
  noPermission: 4,
  driverNotLoaded: 9,
  gpuIsLost: 15,
  libraryVersionMismatch: 18,
  gpuNotFound: 28,
  unknown: 999,
} as const;

/** What goes wrong, by the name of a function; `*` among the faults is every function. */
export interface FakeFaults {
  /** Codes that are answered; see {@link NVML}. */
  readonly faults?: Readonly<Record<string, number>>;
  /** Functions that never come back. */
  readonly hangs?: readonly string[];
  /** Functions that take their time, in milliseconds. */
  readonly delaysMs?: Readonly<Record<string, number>>;
}

/** A program that has memory of a GPU. */
export interface FakeProcess {
  readonly pid: number;
  /** Absent = the driver does not know. */
  readonly memoryBytes?: number;
  /** Absent = it computed nothing lately. */
  readonly smPercent?: number;
}

/** Memory as programs see it: `usedBytes` without what the driver reserves. */
export interface FakeMemory {
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly reservedBytes: number;
}

/** A part of a GPU in multi-instance mode. */
export interface FakeSlice extends FakeFaults {
  readonly uuid: string;
  readonly memory?: FakeMemory;
  readonly processes?: readonly FakeProcess[];
}

/** A GPU; what is left out is not supported by it. Units are NVML's own. */
export interface FakeGpu extends FakeFaults {
  readonly uuid: string;
  readonly name: string;
  readonly pciBusId?: string;
  readonly memory?: FakeMemory;
  readonly utilizationPercent?: { readonly gpu: number; readonly memory: number };
  readonly encoderPercent?: number;
  readonly decoderPercent?: number;
  readonly temperatureCelsius?: number;
  readonly slowdownCelsius?: number;
  readonly powerMilliwatts?: number;
  readonly powerLimitMilliwatts?: number;
  readonly energyMillijoules?: number | bigint;
  readonly clocksMegahertz?: {
    readonly graphics: number;
    readonly sm: number;
    readonly memory: number;
    readonly video: number;
  };
  readonly performanceState?: number;
  /** Bits: 1 idle, 4 software power cap, 8 hardware slowdown, 0x40 its heat, 0x80 power brake. */
  readonly clockEventReasons?: number;
  readonly fanPercent?: number;
  readonly eccErrors?: { readonly corrected: number; readonly uncorrected: number };
  readonly remappedRows?: {
    readonly correctable: number;
    readonly uncorrectable: number;
    readonly pending: 0 | 1;
    readonly failed: 0 | 1;
  };
  readonly pcieKilobytesPerSecond?: { readonly tx: number; readonly rx: number };
  /** 0 none, 1 reset the GPU, 2 reboot, 3 drain peers, 4 drain and reset. */
  readonly recoveryAction?: number;
  readonly processes?: readonly FakeProcess[];
  readonly graphicsProcesses?: readonly FakeProcess[];
  readonly slices?: readonly FakeSlice[];
}

/** An error event; a process gets each id once. */
export interface FakeXid {
  readonly id: number;
  readonly gpu: number;
  readonly xid: number;
}

/** The whole machine. Faults here are those of functions without a GPU, or of all GPUs. */
export interface FakeState extends FakeFaults {
  readonly gpus: readonly FakeGpu[];
  readonly driverVersion?: string;
  /** 12040 = 12.4. */
  readonly cudaVersion?: number;
  readonly xids?: readonly FakeXid[];
  /** Bytes of a row of the process lists: three are met in the field. */
  readonly processStride?: 16 | 24 | 32;
  /** Whether version 2 of the memory call leaves the reserve out of what is used. */
  readonly usedWithoutReserved?: boolean;
}

/** Which symbols the library has: all but some, or only some. */
export type FakeSymbols =
  | { readonly without: readonly string[] }
  | { readonly only: readonly string[] };

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/**
 * Makes GPUs that support everything, each with figures of its own, so that a mix-up shows.
 * GPU `i` has the UUID `GPU-00000000-0000-0000-0000-00000000000i`; none has a process.
 */
export function fakeGpus(count: number): FakeGpu[] {
  return Array.from({ length: count }, (_, index) => fakeGpu(index));
}

/** Makes one of {@link fakeGpus}, with some values of its own. */
export function fakeGpu(index: number, own: Partial<FakeGpu> = {}): FakeGpu {
  return {
    uuid: `GPU-00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    name: 'NVIDIA H100 80GB HBM3',
    pciBusId: `00000000:${(0x10 + index).toString(16).toUpperCase()}:00.0`,
    memory: { totalBytes: 80 * GIB, usedBytes: (index + 1) * GIB, reservedBytes: 551 * MIB },
    utilizationPercent: { gpu: 10 + index, memory: 20 + index },
    encoderPercent: 30 + index,
    decoderPercent: 40 + index,
    temperatureCelsius: 50 + index,
    slowdownCelsius: 87,
    powerMilliwatts: 300_500 + index * 1000,
    powerLimitMilliwatts: 700_000,
    energyMillijoules: 9_000_000_500 + index * 1000,
    clocksMegahertz: { graphics: 1755 + index, sm: 1755 + index, memory: 2619, video: 1530 },
    performanceState: 0,
    clockEventReasons: 0x4,
    fanPercent: 60 + index,
    eccErrors: { corrected: 100 + index, uncorrected: index },
    remappedRows: { correctable: index, uncorrectable: index + 1, pending: 0, failed: 0 },
    pcieKilobytesPerSecond: { tx: 1000 + index, rx: 2000 + index },
    recoveryAction: 0,
    processes: [],
    graphicsProcesses: [],
    ...own,
  };
}

/** Compiles the library, once for each content, and says where it is. */
export async function compileFakeNvml(
  symbols: FakeSymbols = { without: [] },
): Promise<{ readonly libraryPath: string }> {
  const source = await readFile(SOURCE, 'utf8');
  const script = versionScript(symbols);
  const key = createHash('sha256').update(source).update(script).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `chorus-fake-nvml-${process.getuid?.() ?? 0}-${key}`);
  const libraryPath = join(folder, LIBRARY);
  if (await isThere(libraryPath)) return { libraryPath };
  const building = await mkdtemp(join(tmpdir(), 'chorus-fake-nvml-build-'));
  try {
    await compile(building, script);
    await mkdir(folder, { recursive: true });
    await rename(join(building, LIBRARY), libraryPath);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return { libraryPath };
}

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

  /** Changes parts of the machine, in one step for whoever reads. */
  async set(change: Partial<FakeState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const file = this.env.FAKE_NVML_STATE;
    await writeFile(`${file}.new`, `${linesOf(this.#state).join('\n')}\n`);
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

type Value = string | number | bigint | undefined;

function linesOf(state: FakeState): string[] {
  return [
    `gpus=${state.gpus.length}`,
    ...pairs('', {
      driver: state.driverVersion,
      cuda: state.cudaVersion,
      stride: state.processStride,
      usedWithoutReserved: state.usedWithoutReserved === true ? 1 : undefined,
    }),
    ...(state.xids ?? []).map(({ id, gpu, xid }) => `xid.${id}=${gpu},${xid}`),
    ...faultLines('', state),
    ...state.gpus.flatMap((gpu, index) => gpuLines(`gpu.${index}.`, gpu)),
  ];
}

function gpuLines(prefix: string, gpu: FakeGpu): string[] {
  const slices = gpu.slices ?? [];
  return [
    ...pairs(prefix, {
      uuid: gpu.uuid,
      name: gpu.name,
      pci: gpu.pciBusId,
      ...nested('utilization', gpu.utilizationPercent),
      'utilization.encoder': gpu.encoderPercent,
      'utilization.decoder': gpu.decoderPercent,
      temperature: gpu.temperatureCelsius,
      slowdown: gpu.slowdownCelsius,
      power: gpu.powerMilliwatts,
      powerLimit: gpu.powerLimitMilliwatts,
      energy: gpu.energyMillijoules,
      ...nested('clock', gpu.clocksMegahertz),
      pstate: gpu.performanceState,
      reasons: gpu.clockEventReasons,
      fan: gpu.fanPercent,
      ...nested('ecc', gpu.eccErrors),
      ...nested('rows', gpu.remappedRows),
      ...nested('pcie', gpu.pcieKilobytesPerSecond),
      recovery: gpu.recoveryAction,
      graphics: processText(gpu.graphicsProcesses),
      migs: slices.length === 0 ? undefined : slices.length,
    }),
    ...sharedLines(prefix, gpu),
    ...slices.flatMap((slice, index) => [
      `${prefix}mig.${index}.uuid=${slice.uuid}`,
      ...sharedLines(`${prefix}mig.${index}.`, slice),
    ]),
  ];
}

/** What both a GPU and a slice have. */
function sharedLines(prefix: string, part: FakeSlice): string[] {
  const { memory } = part;
  return [
    ...pairs(prefix, {
      'memory.total': memory?.totalBytes,
      'memory.used': memory?.usedBytes,
      'memory.reserved': memory?.reservedBytes,
      processes: processText(part.processes),
    }),
    ...faultLines(prefix, part),
  ];
}

function faultLines(
  prefix: string,
  { faults = {}, hangs = [], delaysMs = {} }: FakeFaults,
): string[] {
  return [
    ...Object.entries(faults).map(([name, code]) => `${prefix}fault.${name}=${code}`),
    ...hangs.map((name) => `${prefix}hang.${name}=1`),
    ...Object.entries(delaysMs).map(([name, delayMs]) => `${prefix}delay.${name}=${delayMs}`),
  ];
}

function processText(processes: readonly FakeProcess[] | undefined): string | undefined {
  return processes
    ?.map(({ pid, memoryBytes = -1, smPercent = -1 }) => `${pid}:${memoryBytes}:${smPercent}`)
    .join(',');
}

function nested(key: string, values: Readonly<Record<string, number>> = {}): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${key}.${name}`, value]),
  );
}

function pairs(prefix: string, values: Readonly<Record<string, Value>>): string[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${prefix}${key}=${value}`);
}

function versionScript(symbols: FakeSymbols): string {
  if ('only' in symbols) return `{ global: ${symbols.only.join('; ')}; local: *; };\n`;
  // Without any name the linker refuses the word `local`.
  return `{ global: nvml*; ${symbols.without.length === 0 ? '' : `local: ${symbols.without.join('; ')};`} };\n`;
}

async function compile(folder: string, script: string): Promise<void> {
  const map = join(folder, 'symbols.map');
  await writeFile(map, script);
  const output = ['-o', join(folder, LIBRARY), `-Wl,--version-script=${map}`];
  const words = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', ...output];
  try {
    await promisify(execFile)('cc', [...words, SOURCE.pathname]);
  } catch (caught) {
    const { code, message } = caught as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'The fake NVML needs a C compiler: install the Debian package gcc.'
        : `cc cannot compile the fake NVML: ${message}`;
    throw new Error(why, { cause: caught });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
