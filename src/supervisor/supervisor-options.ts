import type { Service } from '../protocol/requests.js';
import type { DeviceFaultSource } from './device-faults.js';
import type { LeakSettings } from './leak-watch.js';
import type { SlotLog } from './life-cycle.js';
import type { WorkerSpec } from './worker-slot.js';

/** How to run a fleet. */
export interface SupervisorOptions extends LeakSettings {
  readonly workers: readonly WorkerSpec[];
  /** Compiled module that workers run. */
  readonly workerEntry: URL;
  /** Compiled module that the media process runs. */
  readonly mediaEntry: URL;
  readonly mediaThreads: { readonly decode: number; readonly encode: number };
  readonly environment: (additions: Readonly<Record<string, string>>) => NodeJS.ProcessEnv;
  readonly log: SlotLog;
  /** Folder that no other server works with. */
  readonly dataDir: string;
  readonly requireGpu: boolean;
  readonly capacity: Readonly<Record<Service, number>>;
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
  /** Open streams on one worker. */
  readonly maxStreams: number;
  readonly drainTimeoutMs: number;
  readonly stepTimeoutMs: number;
  /** Compiled module that the telemetry process runs; absent = GPUs are not watched. */
  readonly telemetryEntry?: URL;
  /** NVIDIA's management library; absent = the system's own. */
  readonly nvmlLibrary?: string | undefined;
  /** What the models of a worker may take of its GPU; absent = a share of what is free. */
  readonly gpuMemoryLimitBytes?: number | undefined;
  /** How long the telemetry process may say nothing of the GPUs. */
  readonly telemetrySilenceMs?: number;
  /** Where reports about faults of GPUs come from, if not from the telemetry process. */
  readonly deviceFaults?: DeviceFaultSource;
}
