import { ChorusError } from '../protocol/errors.js';
import type { ReplicaThread } from './replica-thread.js';

interface QueuedStep {
  readonly step: unknown;
  readonly signal: AbortSignal;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onAbort: () => void;
}

/**
 * Hands the steps of one model's requests to its replicas, first come, first served. A step whose
 * request was canceled never starts; one that runs is asked to end early and its result is dropped.
 */
export class StepScheduler {
  readonly #replicas: readonly ReplicaThread[];
  readonly #queue: QueuedStep[] = [];

  constructor(replicas: readonly ReplicaThread[]) {
    this.#replicas = replicas;
  }

  /** Queues a step and resolves with its result; rejects with `canceled` if the signal aborts first. */
  run(step: unknown, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#drop(queued);
      const queued: QueuedStep = { step, signal, resolve, reject, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(queued);
      this.#dispatch();
    });
  }

  /** Start times of the steps that run now. */
  get runningSinceMs(): number[] {
    return this.#replicas.flatMap((replica) => replica.startedAtMs ?? []);
  }

  #dispatch(): void {
    for (const replica of this.#replicas) {
      if (replica.busy) continue;
      const next = this.#queue.shift();
      if (!next) return;
      void this.#execute(replica, next);
    }
  }

  async #execute(replica: ReplicaThread, queued: QueuedStep): Promise<void> {
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
