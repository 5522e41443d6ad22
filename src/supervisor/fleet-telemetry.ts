import type { GpuReport } from '../protocol/gpus.js';
import type { DeviceFaultSource } from './device-faults.js';
import { GpuFaults } from './gpu-faults.js';
import { GpuAccounts } from './vram/gpu-accounts.js';
import type { LeakSettings } from './leak-watch.js';
import type { SlotSurroundings } from './slot-options.js';
import { type GpuKnowledge, TelemetrySlot } from './telemetry-slot.js';
import { type WorkerMemory, WorkerMemoryTracker } from './worker-memory.js';
import type { WorkerSlot, WorkerSpec } from './worker-slot.js';

const READY_TIMEOUT_MS = 30_000;

/** What a fleet's telemetry is put together from. */
export interface FleetTelemetryOptions extends SlotSurroundings, LeakSettings {
  readonly workers: readonly WorkerSpec[];
  /** Compiled module that the telemetry process runs; absent = there is none. */
  readonly telemetryEntry?: URL | undefined;
  readonly nvmlLibrary?: string | undefined;
  readonly telemetrySilenceMs?: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** What the models of a worker may take of its GPU; absent = a share of what is free. */
  readonly gpuMemoryLimitBytes?: number | undefined;
  /** Told of a worker at each idle point at which it is suspected to leak. */
  readonly onLeak: (workerId: string) => void;
}

/** All that the supervisor learns of GPUs and of its workers' memory. */
export class FleetTelemetry {
  /** Undefined where nobody watches GPUs. */
  readonly process: TelemetrySlot | undefined;
  readonly gpuFaults: GpuFaults;
  readonly #accounts: GpuAccounts;
  readonly #trackers: ReadonlyMap<string, WorkerMemoryTracker>;

  constructor(options: FleetTelemetryOptions) {
    const { telemetryEntry: entry, telemetrySilenceMs: silenceMs } = options;
    this.gpuFaults = new GpuFaults(options.log);
    this.#accounts = new GpuAccounts(options, {
      newest: () => this.gpus().snapshot,
      isWatched: () => this.process !== undefined && this.process.lastLook !== 'absent',
    });
    this.#trackers = new Map(options.workers.map((spec) => [spec.id, this.#track(spec, options)]));
    if (entry === undefined) return;
    const slotOptions = { ...options, entry, silenceMs, readyTimeoutMs: READY_TIMEOUT_MS };
    this.process = new TelemetrySlot(slotOptions);
  }

  /** Where the driver's reports about GPUs come from. */
  get faults(): DeviceFaultSource {
    return this.gpuFaults;
  }

  /** Starts the process, if there is one; nobody waits for it. */
  start(workers: readonly WorkerSlot[]): void {
    this.process?.subscribe((report) => this.#take(report, workers));
    void this.process?.slot.start();
  }

  /** Ends the process, once what was measured is written down. */
  async stop(): Promise<void> {
    await this.#accounts.settled();
    await this.process?.stop();
  }

  /** What is known of the GPUs now; see {@link TelemetrySlot.gpus}. */
  gpus(): GpuKnowledge {
    const none = { snapshot: undefined, error: 'No GPUs are watched.', ageMs: undefined };
    return this.process?.gpus() ?? none;
  }

  /** The account of a worker's memory. */
  tracker(workerId: string): WorkerMemoryTracker {
    const tracker = this.#trackers.get(workerId);
    if (!tracker) throw new Error(`There is no worker ${workerId}.`);
    return tracker;
  }

  /** The memory of each worker. */
  memory(workers: readonly WorkerSlot[]): WorkerMemory[] {
    return workers.map(({ spec, slot }) => this.tracker(spec.id).describe(slot.pid));
  }

  /** What an operator should know: GPUs that cannot be read any more, and workers that may leak. */
  warnings(): string[] {
    const leaks = [...this.#trackers.values()].flatMap((tracker) => tracker.warnings());
    return [...this.#blindness(), ...this.gpuFaults.warnings(), ...leaks];
  }

  /** That the GPUs cannot be read, where there is a driver. */
  #blindness(): string[] {
    if (this.process?.hasFailed === true) {
      return [`the GPUs are not watched any more: ${this.gpus().error}`];
    }
    if (this.process?.lastLook !== 'failed') return [];
    return [`the GPUs cannot be read: ${this.gpus().error}`];
  }

  #track(spec: WorkerSpec, options: FleetTelemetryOptions): WorkerMemoryTracker {
    return new WorkerMemoryTracker({
      ...options,
      workerId: spec.id,
      device: spec.device,
      vram: this.#accounts.of(spec.id),
      snapshot: () => this.gpus().snapshot,
      onLeak: () => options.onLeak(spec.id),
    });
  }

  #take(report: GpuReport, workers: readonly WorkerSlot[]): void {
    if (report.state === 'read') {
      for (const { spec, slot } of workers) this.tracker(spec.id).look(report.snapshot, slot.pid);
    }
    this.#accounts.take(report);
    // What it changes in the fleet comes after what was seen before it.
    this.gpuFaults.take(report);
  }
}
