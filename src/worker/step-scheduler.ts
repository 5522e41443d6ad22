import { ChorusError } from '../protocol/errors.js';

/** What the scheduler needs of a replica. */
export interface StepReplica {
  readonly busy: boolean;
  /** Since when its running step runs. */
  readonly startedAtMs: number | undefined;
  run(step: unknown): Promise<unknown>;
  cancelRunning(): void;
}

/** How a step is queued. */
export interface StepOptions {
  /** Aborts when the request is not wanted any more. */
  readonly signal: AbortSignal;
  /** Whether it is its request's first step, for which somebody waits in silence. */
  readonly isFirst: boolean;
}

interface QueuedStep {
  readonly step: unknown;
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onAbort: () => void;
}

/**
 * Hands the steps of one model's requests to its replicas: the first steps of requests before all
 * later ones, and among equals first come, first served. A request has one first step, and leases
 * bound the requests, so that later steps wait for a bounded time. A step whose request was canceled
 * never starts; one that runs is asked to end early and its result is dropped.
 */
export class StepScheduler {
  readonly #replicas: readonly StepReplica[];
  readonly #queue: QueuedStep[] = [];

  constructor(replicas: readonly StepReplica[]) {
    this.#replicas = replicas;
  }

  /** Queues a step and resolves with its result; rejects with `canceled` if the signal aborts first. */
  run(step: unknown, { signal, isFirst }: StepOptions): Promise<unknown> {
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#drop(queued);
      const queued: QueuedStep = { step, isFirst, signal, resolve, reject, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#enqueue(queued);
      this.#dispatch();
    });
  }

  /** Start times of the steps that run now. */
  get runningSinceMs(): number[] {
    return this.#replicas.flatMap((replica) => replica.startedAtMs ?? []);
  }

  #enqueue(queued: QueuedStep): void {
    const later = queued.isFirst ? this.#queue.findIndex((other) => !other.isFirst) : -1;
    if (later >= 0) this.#queue.splice(later, 0, queued);
    else this.#queue.push(queued);
  }

  #dispatch(): void {
    for (const replica of this.#replicas) {
      if (replica.busy) continue;
      const next = this.#queue.shift();
      if (!next) return;
      void this.#execute(replica, next);
    }
  }

  async #execute(replica: StepReplica, queued: QueuedStep): Promise<void> {
    queued.signal.removeEventListener('abort', queued.onAbort);
    const cancelRunning = (): void => replica.cancelRunning();
    queued.signal.addEventListener('abort', cancelRunning, { once: true });
    try {
      const result = await replica.run(queued.step);
      if (queued.signal.aborted) queued.reject(ChorusError.ofAbort(queued.signal));
      else queued.resolve(result);
    } catch (caught) {
      queued.reject(ChorusError.from(caught));
    } finally {
      queued.signal.removeEventListener('abort', cancelRunning);
      this.#dispatch();
    }
  }

  #drop(queued: QueuedStep): void {
    const at = this.#queue.indexOf(queued);
    if (at >= 0) this.#queue.splice(at, 1);
    queued.reject(ChorusError.ofAbort(queued.signal));
  }
}
