import { ChorusError } from '../protocol/errors.js';
import type { WatchStep } from './told-steps.js';

/** What the scheduler needs of a replica. */
export interface StepReplica {
  readonly busy: boolean;
  run(step: unknown): Promise<unknown>;
  cancelRunning(): void;
}

/** How a step is queued. */
export interface StepOptions {
  /** Aborts when the request is not wanted any more. */
  readonly signal: AbortSignal;
  /** Id of the call that asks for it. */
  readonly call: string;
  /** Whether it is its request's first step, for which somebody waits in silence. */
  readonly isFirst: boolean;
  /** Told of its run, if anybody wants to know. */
  readonly watch?: WatchStep | undefined;
}

/** A step that runs: for which call, and for how long by the monotonic clock. */
export interface RunningCall {
  readonly call: string;
  readonly runningForMs: number;
}

/** What others want to know. */
export interface SchedulerHooks {
  /** Told just before a step starts and after it has ended. */
  readonly onRunning?: () => void;
  /** Told before a failing step's request is, when nothing more can be computed on the device. */
  readonly onDeviceLost?: (error: ChorusError) => void;
}

interface QueuedStep extends StepOptions {
  readonly step: unknown;
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
  readonly #hooks: SchedulerHooks;
  readonly #queue: QueuedStep[] = [];
  /** Steps that run, with their starts. */
  readonly #running = new Map<QueuedStep, number>();
  #closed: ChorusError | undefined;

  constructor(replicas: readonly StepReplica[], hooks: SchedulerHooks = {}) {
    this.#replicas = replicas;
    this.#hooks = hooks;
  }

  /** Queues a step and resolves with its result; rejects with `canceled` if the signal aborts first. */
  run(step: unknown, options: StepOptions): Promise<unknown> {
    const { signal } = options;
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#drop(queued, ChorusError.ofAbort(signal));
      const queued: QueuedStep = { ...options, step, resolve, reject, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#enqueue(queued);
      this.#dispatch();
    });
  }

  /** The steps that run now. */
  get running(): RunningCall[] {
    const now = performance.now();
    return [...this.#running].map(([{ call }, startedAt]) => ({
      call,
      runningForMs: now - startedAt,
    }));
  }

  /** Starts no step any more: those that wait and those that come fail with the error. */
  close(error: ChorusError): void {
    this.#closed ??= error;
    for (const queued of this.#queue.slice()) this.#drop(queued, error);
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
    this.#running.set(queued, performance.now());
    const onEnd = queued.watch?.(this.#replicas.indexOf(replica));
    this.#hooks.onRunning?.();
    try {
      const result = await replica.run(queued.step);
      if (queued.signal.aborted) queued.reject(ChorusError.ofAbort(queued.signal));
      else queued.resolve(result);
    } catch (caught) {
      const error = ChorusError.from(caught);
      // Before anything else: the next step must not start here.
      if (error.code === 'device_lost') this.#hooks.onDeviceLost?.(error);
      queued.reject(error);
    } finally {
      queued.signal.removeEventListener('abort', cancelRunning);
      this.#running.delete(queued);
      onEnd?.();
      this.#hooks.onRunning?.();
      this.#dispatch();
    }
  }

  #drop(queued: QueuedStep, error: ChorusError): void {
    const at = this.#queue.indexOf(queued);
    if (at >= 0) this.#queue.splice(at, 1);
    queued.signal.removeEventListener('abort', queued.onAbort);
    queued.reject(error);
  }
}
