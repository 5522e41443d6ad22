import type { ReloadStatus } from '../protocol/status.js';
import type { WorkerSlot } from './worker-slot.js';

/** What a rolling restart works on. */
export interface RollingRestartOptions {
  readonly workers: readonly WorkerSlot[];
  /** Replaces one worker's process; resolves when the new one is ready or has failed. */
  readonly restart: (worker: WorkerSlot) => Promise<void>;
}

/**
 * Restarts workers one after the other, so that a model with two replicas is served all the time.
 * It goes no further when a worker does not come back with a model that it or another served: what
 * is wrong with the new files shall not take the last good replica down as well.
 */
export class RollingRestart {
  readonly #options: RollingRestartOptions;
  #status: ReloadStatus = { state: 'idle', done: [], left: [] };
  #stopped = false;

  constructor(options: RollingRestartOptions) {
    this.#options = options;
  }

  get status(): ReloadStatus {
    return this.#status;
  }

  /** Begins, unless one is under way; a worker in quarantine is left alone. */
  start(): ReloadStatus {
    if (this.#status.state === 'running' || this.#stopped) return this.#status;
    const workers = this.#options.workers.filter(({ slot }) => slot.state !== 'quarantined');
    // Those that do not serve all their models first: with them there is the least to lose.
    const order = [...workers.filter((one) => !isWhole(one)), ...workers.filter(isWhole)];
    this.#status = { state: 'running', done: [], left: order.map(({ spec }) => spec.id) };
    this.#run(order).catch((caught: unknown) => this.#fail(String(caught)));
    return this.#status;
  }

  /** Goes on with no further worker. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(workers: readonly WorkerSlot[]): Promise<void> {
    for (const worker of workers) {
      if (this.#stopped) return this.#fail('The server is stopping.');
      const { done, left } = this.#status;
      const rest = left.slice(1);
      if (worker.slot.state === 'quarantined') {
        // Since we began: a restart would put it back into service.
        this.#status = { state: 'running', done, left: rest };
        continue;
      }
      const missing = await this.#replace(worker);
      if (missing.length > 0) {
        return this.#fail(`${worker.spec.id} did not come back with ${missing.join(', ')}.`);
      }
      this.#status = { state: 'running', done: [...done, worker.spec.id], left: rest };
    }
    this.#status = { ...this.#status, state: 'done' };
  }

  /**
   * @returns Models that it should serve and does not, though it did before or another worker does:
   * that one might lose them next.
   */
  async #replace(worker: WorkerSlot): Promise<string[]> {
    const before = readyModels(worker);
    await this.#options.restart(worker);
    const now = new Set(readyModels(worker));
    const others = this.#options.workers.filter((one) => one !== worker);
    const served = new Set([...before, ...others.flatMap(readyModels)]);
    const ids = worker.spec.models.map((model) => model.id);
    return ids.filter((id) => served.has(id) && !now.has(id));
  }

  #fail(error: string): void {
    this.#status = { ...this.#status, state: 'failed', error };
  }
}

function isWhole(worker: WorkerSlot): boolean {
  return worker.readyModels.length === worker.spec.models.length;
}

function readyModels(worker: WorkerSlot): string[] {
  return worker.readyModels.map((model) => model.id);
}
