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
