import type { ChildState, SlotLog } from './life-cycle.js';

/** What it needs to know of a worker. */
export interface Recyclable {
  readonly spec: { readonly id: string };
  readonly slot: { readonly state: ChildState };
}

/** What recycling works on. */
export interface LeakRecyclerOptions<Worker extends Recyclable> {
  readonly workers: readonly Worker[];
  /** Whether all workers are being replaced anyway. */
  readonly isRolling: () => boolean;
  /** Replaces one worker's process; resolves when the new one is ready or has failed. */
  readonly restart: (worker: Worker) => Promise<void>;
  readonly log: SlotLog;
}

/** Replaces workers that leak, one at a time and only while all others stay where they are. */
export class LeakRecycler<Worker extends Recyclable> {
  readonly #options: LeakRecyclerOptions<Worker>;
  #restarting: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LeakRecyclerOptions<Worker>) {
    this.#options = options;
  }

  /** Resolves when no worker is being replaced. */
  async idle(): Promise<void> {
    await this.#restarting;
  }

  /** A worker leaks: replaces it, unless now is not the time. It is offered again if it goes on. */
  offer(workerId: string): void {
    const { workers, isRolling, restart, log } = this.#options;
    if (this.#stopped || this.#restarting || isRolling()) return;
    const worker = workers.find(({ spec }) => spec.id === workerId);
    if (worker?.slot.state !== 'ready') return;
    if (workers.some((one) => one !== worker && isOnItsWay(one))) return;
    log.warn({ worker: workerId }, 'a worker that leaks is replaced when its work has ended');
    this.#restarting = restart(worker)
      .catch((caught: unknown) =>
        log.error({ worker: workerId, err: caught }, 'it was not replaced'),
      )
      .finally(() => {
        this.#restarting = undefined;
      });
  }

  /** Replaces no more. */
  stop(): void {
    this.#stopped = true;
  }
}

/** It will serve again in a moment, and then there is one more to carry the work. */
function isOnItsWay({ slot: { state } }: Recyclable): boolean {
  return state === 'starting' || state === 'loading' || state === 'draining' || state === 'crashed';
}
