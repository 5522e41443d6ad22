import { deviceIdOf } from '../../protocol/control.js';
import type { GpuReport } from '../../protocol/gpus.js';
import { type SlotLog, withFields } from '../life-cycle.js';
import type { WorkerSpec } from '../worker-slot.js';
import { FootprintStore } from './footprint-store.js';
import { GpuLooks, type GpuLooksOptions } from './gpu-looks.js';
import { WorkerVram } from './worker-vram.js';

/** Whose accounts are kept. */
export interface GpuAccountsOptions {
  readonly workers: readonly WorkerSpec[];
  readonly gpuMemoryLimitBytes?: number | undefined;
  readonly log: SlotLog;
}

/** The accounts of all workers that are on GPUs, by GPU. */
export class GpuAccounts {
  readonly #looks: GpuLooks;
  readonly #footprints: FootprintStore;
  readonly #accounts = new Map<string, WorkerVram>();

  constructor({ workers, log, gpuMemoryLimitBytes }: GpuAccountsOptions, looks: GpuLooksOptions) {
    this.#looks = new GpuLooks(looks);
    this.#footprints = new FootprintStore(log);
    for (const { id, device, models } of workers) {
      if (device.kind !== 'gpu') continue;
      const neighbours = workers.filter(
        (other) => other.id !== id && deviceIdOf(other.device) === device.uuid,
      );
      const account = new WorkerVram({
        workerId: id,
        gpu: device,
        models,
        limitBytes: gpuMemoryLimitBytes,
        neighbours: () => neighbours.flatMap((other) => this.of(other.id) ?? []),
        looks: this.#looks,
        footprints: this.#footprints,
        log: withFields(log, () => ({ worker: id, device: device.uuid })),
      });
      this.#accounts.set(id, account);
    }
  }

  /** The account of a worker; undefined on the CPU. */
  of(workerId: string): WorkerVram | undefined {
    return this.#accounts.get(workerId);
  }

  /** The GPUs were looked at, or could not be. */
  take(report: GpuReport): void {
    this.#looks.take(report);
  }

  /** Resolves when all that was measured is written down. */
  async settled(): Promise<void> {
    await this.#footprints.settled();
  }
}
