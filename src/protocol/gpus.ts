/**
 * What the telemetry process tells of the machine's GPUs, once a second. Everything that the driver
 * does not say is `null`: a board that has no fan has no fan speed, and its speed is not 0.
 */

/** A process that has memory of a GPU. */
export interface GpuProcess {
  readonly pid: number;
  readonly memoryBytes: number | null;
  /** Share of the last sampling period in which the GPU computed for it, 0–1. */
  readonly utilizationRatio: number | null;
}

/** Memory of a GPU or of a slice of one. */
export interface GpuMemory {
  readonly totalBytes: number | null;
  /** In use by programs, without what the driver reserves for itself. */
  readonly usedBytes: number | null;
  readonly freeBytes: number | null;
  readonly reservedBytes: number | null;
}

/** A part of a GPU that NVIDIA's multi-instance mode cut off. */
export interface GpuSliceReading {
  readonly uuid: string;
  readonly memory: GpuMemory;
  readonly processes: readonly GpuProcess[];
}

/**
 * What the driver may advise to do about a GPU (NVML's field `GPU_RECOVERY_ACTION`), each at the
 * place of NVML's number. Newer ones that are not here are for whole fabrics of machines.
 */
export const RECOVERY_ACTIONS = [
  'none',
  'gpu_reset',
  'node_reboot',
  'drain_p2p',
  'drain_and_reset',
] as const;
/** See {@link RECOVERY_ACTIONS}. */
export type RecoveryAction = (typeof RECOVERY_ACTIONS)[number];

/** One GPU at one moment. */
export interface GpuReading {
  readonly uuid: string;
  /** Number in NVML's order, which is that of nvidia-smi. */
  readonly index: number;
  readonly name: string;
  readonly pciBusId: string | null;
  readonly memory: GpuMemory;
  /** Shares of the last sampling period, 0–1. */
  readonly utilizationRatio: {
    readonly gpu: number | null;
    readonly memory: number | null;
    readonly encoder: number | null;
    readonly decoder: number | null;
  };
  readonly temperatureCelsius: number | null;
  /** Where the GPU begins to slow itself down. */
  readonly slowdownCelsius: number | null;
  readonly powerWatts: number | null;
  readonly powerLimitWatts: number | null;
  /** Since the driver was loaded. */
  readonly energyJoules: number | null;
  readonly clocksHertz: {
    readonly graphics: number | null;
    readonly sm: number | null;
    readonly memory: number | null;
    readonly video: number | null;
  };
  /** 0 = fastest … 15. */
  readonly performanceState: number | null;
  /** Why the clocks are not at their highest, by reason (`sw_power_cap`, `hw_thermal_slowdown`, …). */
  readonly clockEventReasons: Readonly<Record<string, boolean>> | null;
  /** Of the fan's full speed, 0–1. */
  readonly fanSpeedRatio: number | null;
  /** Since the driver was loaded. */
  readonly eccErrors: { readonly corrected: number | null; readonly uncorrected: number | null };
  /** Rows of memory that were replaced, and whether that waits for a reset or has failed (0 or 1). */
  readonly remappedRows: {
    readonly correctable: number | null;
    readonly uncorrectable: number | null;
    readonly pending: number | null;
    readonly failed: number | null;
  };
  readonly pcieBytesPerSecond: { readonly tx: number | null; readonly rx: number | null };
  readonly recoveryAction: RecoveryAction | null;
  /** Null if the driver does not tell which there are. */
  readonly processes: readonly GpuProcess[] | null;
  /** Empty unless the GPU is cut into slices. */
  readonly slices: readonly GpuSliceReading[];
}

/** An error event of a GPU; NVIDIA numbers the kinds. */
export interface XidEvent {
  readonly uuid: string;
  readonly xid: number;
  readonly atMs: number;
}

/** All GPUs at one moment. */
export interface GpuSnapshot {
  /** When it was taken, milliseconds since 1970. */
  readonly atMs: number;
  /** How long the taking took. */
  readonly collectMs: number;
  readonly driverVersion: string | null;
  /** Of the driver, such as `12.4`. */
  readonly cudaVersion: string | null;
  readonly gpus: readonly GpuReading[];
  /** How many more there are in the driver's list, of which nothing can be learned. */
  readonly unreadable: number;
  /** GPUs that were there since the process began and have fallen off the bus. */
  readonly lost: readonly string[];
  /** Since the last snapshot. */
  readonly xids: readonly XidEvent[];
}

/** What the telemetry process sends each time that it looks. */
export type GpuReport =
  | { readonly state: 'read'; readonly snapshot: GpuSnapshot }
  /** Nothing can be read now; it is tried again. */
  | { readonly state: 'failed'; readonly reason: string }
  /** There is no NVIDIA driver here, or not where `NVML_LIBRARY` says; it is not tried again. */
  | { readonly state: 'absent'; readonly reason: string };
