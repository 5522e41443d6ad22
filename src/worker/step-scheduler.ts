import type { StepPlace } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import { nextStep, passedOverAfter, type StepRequest, type WaitingStep } from './step-order.js';
import type { WatchStep } from './told-steps.js';

/** What the scheduler needs of a replica. */
export interface StepReplica {
  readonly busy: boolean;
  run(step: unknown): Promise<unknown>;
  cancelRunning(): void;
}

/** Who asks for steps. */
export interface StepClient {
  /** Aborts when the request is not wanted any more. */
  readonly signal: AbortSignal;
  /** Id of the call that asks for it. */
  readonly call: string;
  readonly request: StepRequest;
}

/** How a step is queued. */
export interface StepOptions {
  /** Where its audio belongs, if somebody will hear it. */
  readonly place?: StepPlace | undefined;
  /** Told of its run, if anybody wants to know. */
  readonly watch?: WatchStep | undefined;
}

/** Queues a step and resolves with its result; rejects with `canceled` if the signal aborts first. */
export type RunStep = (step: unknown, options?: StepOptions) => Promise<unknown>;

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

interface QueuedStep extends StepClient, StepOptions, WaitingStep {
  readonly step: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onAbort: () => void;
}

/** A step as it comes. */
type Asked = StepClient & StepOptions & Pick<QueuedStep, 'step' | 'number' | 'requestNumber'>;

/**
 * Hands the steps of one model's requests to its replicas, in the order of `step-order.ts`. A replica
 * never stands still while a step waits. A step whose request was canceled never starts; one that
 * runs is asked to end early and its result is dropped.
 */
export class StepScheduler {
  readonly #replicas: readonly StepReplica[];
  readonly #hooks: SchedulerHooks;
  readonly #now: () => number;
  /** As they came. Few: leases and the look-ahead of engines bound them, so that a scan is quick. */
  readonly #queue: QueuedStep[] = [];
  /** Steps that run, with their starts. */
  readonly #running = new Map<QueuedStep, number>();
  /** Steps that ever came. */
  #count = 0;
  #passedOver = 0;
  #closed: ChorusError | undefined;

  /** @param now Monotonic time in milliseconds. */
  constructor(
    replicas: readonly StepReplica[],
    hooks: SchedulerHooks = {},
    now = () => performance.now(),
  ) {
    this.#replicas = replicas;
    this.#hooks = hooks;
    this.#now = now;
  }

  /** Lets a request run steps; its age counts from its first one. */
  open(client: StepClient): RunStep {
    let first: number | undefined;
    return (step, options) => {
      const number = this.#count;
      this.#count += 1;
      first ??= number;
      return this.#run({ ...client, ...options, step, number, requestNumber: first });
    };
  }

  /** The steps that run now. */
  get running(): RunningCall[] {
    const now = this.#now();
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

  #run(asked: Asked): Promise<unknown> {
    const { signal } = asked;
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#drop(queued, ChorusError.ofAbort(signal));
      const queued = { ...asked, queuedAtMs: this.#now(), resolve, reject, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(queued);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (const replica of this.#replicas) {
      if (replica.busy) continue;
      const next = this.#take();
      if (!next) return;
      void this.#execute(replica, next);
    }
  }

  #take(): QueuedStep | undefined {
    const state = { nowMs: this.#now(), passedOver: this.#passedOver };
    const next = nextStep(this.#queue, state);
    if (!next) return undefined;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    this.#passedOver = passedOverAfter(next, this.#queue, this.#passedOver);
    return next;
  }

  async #execute(replica: StepReplica, queued: QueuedStep): Promise<void> {
    queued.signal.removeEventListener('abort', queued.onAbort);
    const cancelRunning = (): void => replica.cancelRunning();
    queued.signal.addEventListener('abort', cancelRunning, { once: true });
    this.#running.set(queued, this.#now());
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
