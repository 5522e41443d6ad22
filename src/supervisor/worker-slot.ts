import type { Pool } from 'undici';

import type { Device, FromChild, ModelAssignment, ModelReport } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { LeaseRouter } from './lease-router.js';
import { Slot, type SlotOptions } from './slot.js';
import { createWorkerClient } from './worker-client.js';

/** A worker to be: a device and the models that it shall serve. */
export interface WorkerSpec {
  readonly id: string;
  readonly device: Device;
  readonly models: readonly ModelAssignment[];
}

/** What a worker's slot needs beside the spec. */
export interface WorkerSlotOptions extends Pick<
  SlotOptions,
  'entry' | 'socketDir' | 'readyTimeoutMs' | 'log'
> {
  readonly router: LeaseRouter;
  readonly requireGpu: boolean;
  /** Leases per (worker, model). */
  readonly capacity: Readonly<Record<Service, number>>;
  /** The environment of a child with additions. */
  readonly environment: (additions: Readonly<Record<string, string>>) => NodeJS.ProcessEnv;
  /** Something that `status()` shows has changed. */
  readonly onChange: () => void;
}

/** One device's worker: keeps its process alive and its models in the router's rotation. */
export class WorkerSlot {
  readonly spec: WorkerSpec;
  readonly slot: Slot;
  /** What each model's load came to, by model id; empty while the process starts. */
  readonly reports = new Map<string, ModelReport>();
  readonly #options: WorkerSlotOptions;
  /** Way to the process that serves now. */
  #pool: Pool | undefined;

  constructor(spec: WorkerSpec, options: WorkerSlotOptions) {
    this.spec = spec;
    this.#options = options;
    this.slot = new Slot({
      name: spec.id,
      entry: options.entry,
      socketDir: options.socketDir,
      readyTimeoutMs: options.readyTimeoutMs,
      log: options.log,
      environment: options.environment(deviceVariables(spec.device)),
      init: (socketPath) => ({
        role: 'worker',
        workerId: spec.id,
        socketPath,
        device: spec.device,
        requireGpu: options.requireGpu,
        models: spec.models,
      }),
      onStarting: () => this.#expectAll(),
      onMessage: (message) => this.#receive(message),
      onUp: (pool) => this.#up(pool),
      onDown: () => this.#down(),
      onFailed: () => this.#giveUp(spec.models),
    });
  }

  #expectAll(): void {
    this.reports.clear();
    for (const model of this.spec.models) this.#options.router.expect(this.spec.id, model.id);
    this.#options.onChange();
  }

  #receive(message: FromChild): void {
    if (message.type === 'model') this.#reported(message.report);
  }

  #reported(report: ModelReport): void {
    this.reports.set(report.id, report);
    const fields = { worker: this.spec.id, model: report.id };
    if (report.state === 'failed') {
      this.#options.log.error({ ...fields, reason: report.error.message }, 'a model cannot load');
      this.#giveUp(this.spec.models.filter((model) => model.id === report.id));
    } else if (report.degradedReason === undefined) {
      this.#options.log.info({ ...fields, ...report }, 'a model is loaded');
    } else {
      const reason = report.degradedReason;
      this.#options.log.warn({ ...fields, reason }, 'a model runs on the CPU, not on its GPU');
    }
    this.#options.onChange();
  }

  #up(pool: Pool): void {
    this.#pool = pool;
    const client = createWorkerClient(pool, () => this.#lost(pool));
    for (const { state, id, service } of this.reports.values()) {
      if (state !== 'ready') continue;
      const capacity = this.#options.capacity[service];
      this.#options.router.add({ workerId: this.spec.id, service, model: id, capacity, client });
    }
    this.#options.onChange();
  }

  /** A process whose socket breaks is dead or beyond trust; either way a fresh one takes its place. */
  #lost(pool: Pool): void {
    // A slow reader may find out late: then another process serves already.
    if (this.#pool !== pool) return;
    this.#pool = undefined;
    this.#options.router.remove(this.spec.id);
    this.#expectAll();
    this.slot.kill();
  }

  #down(): void {
    this.#pool = undefined;
    this.#options.router.remove(this.spec.id);
    // It will be started again in a moment: what waits for its models may wait on.
    this.#expectAll();
  }

  #giveUp(models: readonly ModelAssignment[]): void {
    for (const model of models) this.#options.router.giveUp(this.spec.id, model.id);
    this.#options.onChange();
  }
}

/** A worker sees its own device and no other; a CPU worker sees no GPU. */
function deviceVariables(device: Device): Record<string, string> {
  return { CUDA_VISIBLE_DEVICES: device.kind === 'gpu' ? device.uuid : '' };
}
