import type { DuePlace } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import { nextStep, passedOverAfter, type StepRequest, type WaitingStep } from './step-order.js';
import { MAX_TOGETHER } from './thread-messages.js';
import type { WatchStep } from './told-steps.js';

/** What the scheduler needs of a replica. */
export interface StepReplica {
  readonly busy: boolean;
  run(step: unknown): Promise<unknown>;
  /** Where the model lets steps join. */
  runTogether?(steps: readonly unknown[]): Promise<readonly unknown[]>;
  /** @param index Place of the step among those that run together. */
  cancelRunning(index?: number): void;
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
  readonly place?: DuePlace | undefined;
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
  /** Whether a step may run together with those; absent = each runs alone. */
  readonly joins?: ((together: readonly unknown[], next: unknown) => boolean) | undefined;
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
 * runs is asked to end early and its result is dropped. What may run together with the next step and
 * waits too goes with it: batches form of themselves while replicas are busy, and nobody waits for one.
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
    const idle = this.#replicas.filter((replica) => !replica.busy);
    for (const replica of idle) {
      const next = this.#take();
      if (!next) return;
      // Work that waits is shared out among all that could do it: those that are busy will be free.
      const share = Math.ceil((this.#queue.length + 1) / this.#replicas.length);
      const steps = [next, ...this.#takeJoining(next, replica.runTogether ? share - 1 : 0)];
      void this.#execute(replica, steps);
    }
  }

  /** Takes those of the waiting steps, as they came, that may run together with one. */
  #takeJoining(first: QueuedStep, limit: number): QueuedStep[] {
    const { joins } = this.#hooks;
    const taken: QueuedStep[] = [];
    if (!joins) return taken;
    for (const queued of this.#queue.slice()) {
      const together = [first, ...taken].map(({ step }) => step);
      if (taken.length >= limit || together.length >= MAX_TOGETHER) break;
      if (!joins(together, queued.step)) continue;
      this.#queue.splice(this.#queue.indexOf(queued), 1);
      taken.push(queued);
    }
    return taken;
  }

  #take(): QueuedStep | undefined {
    const state = { nowMs: this.#now(), passedOver: this.#passedOver };
    const next = nextStep(this.#queue, state);
    if (!next) return undefined;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    this.#passedOver = passedOverAfter(next, this.#queue, this.#passedOver);
    return next;
  }

  async #execute(replica: StepReplica, steps: readonly QueuedStep[]): Promise<void> {
    const ends = steps.map((queued, index) => this.#begin(queued, replica, [index, steps.length]));
    this.#hooks.onRunning?.();
    try {
      const results = await runAll(replica, steps);
      for (const [index, queued] of steps.entries()) {
        if (queued.signal.aborted) queued.reject(ChorusError.ofAbort(queued.signal));
        else queued.resolve(results[index]);
      }
    } catch (caught) {
      const error = ChorusError.from(caught);
      // Before anything else: the next step must not start here.
      if (error.code === 'device_lost') this.#hooks.onDeviceLost?.(error);
      for (const queued of steps) queued.reject(error);
    } finally {
      for (const end of ends) end();
      this.#hooks.onRunning?.();
      this.#dispatch();
    }
  }

  /** Marks a step as running; returns what is to be done when it has run. */
  #begin(
    queued: QueuedStep,
    replica: StepReplica,
    [index, together]: readonly [number, number],
  ): () => void {
    queued.signal.removeEventListener('abort', queued.onAbort);
    const cancelRunning = (): void => replica.cancelRunning(index);
    queued.signal.addEventListener('abort', cancelRunning, { once: true });
    this.#running.set(queued, this.#now());
    const onEnd = queued.watch?.(this.#replicas.indexOf(replica), together);
    return () => {
      queued.signal.removeEventListener('abort', cancelRunning);
      this.#running.delete(queued);
      onEnd?.();
    };
  }

  #drop(queued: QueuedStep, error: ChorusError): void {
    const at = this.#queue.indexOf(queued);
    if (at >= 0) this.#queue.splice(at, 1);
    queued.signal.removeEventListener('abort', queued.onAbort);
    queued.reject(error);
  }
}

/** Steps cross to a thread, so that none is a function: one that is makes the step. */
function payloadOf({ step }: QueuedStep): unknown {
  return typeof step === 'function' ? (step() as unknown) : step;
}

async function runAll(
  replica: StepReplica,
  steps: readonly QueuedStep[],
): Promise<readonly unknown[]> {
  const [first] = steps;
  if (steps.length > 1 && replica.runTogether) {
    return replica.runTogether(steps.map(payloadOf));
  }
  return first ? [await replica.run(payloadOf(first))] : [];
}
