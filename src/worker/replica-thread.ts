import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { ReplicaLoad } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import type { Placement } from '../protocol/placement.js';
import type { Precision } from '../protocol/precision.js';
import {
  MAX_TOGETHER,
  type FromThread,
  type ThreadData,
  type ToThread,
} from './thread-messages.js';

interface PendingStep {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * A replica seen from the worker's main thread. It takes one step at a time; who runs when is the
 * scheduler's business. The thread is never terminated during a step, because that would abort the
 * whole process inside the native code.
 */
export class ReplicaThread {
  readonly provider: string;
  readonly degradedReason: string | undefined;
  #placement: Placement | undefined;
  readonly precision: Precision | undefined;
  readonly #thread: Worker;
  readonly #cancelFlag: Int32Array;
  #pending: PendingStep | undefined;

  /**
   * Starts a thread and loads the replica in it.
   * @throws ChorusError `model_failed` with the engine's own words.
   */
  static async start(load: ReplicaLoad, replicaModule: URL): Promise<ReplicaThread> {
    const cancelFlag = new SharedArrayBuffer(MAX_TOGETHER * Int32Array.BYTES_PER_ELEMENT);
    const data: ThreadData = { load, replicaModule: replicaModule.href, cancelFlag };
    const thread = new Worker(new URL('./inference-thread.js', import.meta.url), {
      workerData: data,
      name: `replica ${load.card.id}`,
      // Tensors lie outside of V8's heap; for the rest it would take 20 MB more than it needs.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const [first] = (await once(thread, 'message')) as [FromThread];
    if (first.type === 'loaded')
      return new ReplicaThread(thread, new Int32Array(cancelFlag), first);
    await thread.terminate();
    if (first.type === 'load_failed') throw ChorusError.fromWire(first.error);
    throw new ChorusError('internal', `Unexpected first message ${first.type} of a replica.`);
  }

  private constructor(
    thread: Worker,
    cancelFlag: Int32Array,
    loaded: Extract<FromThread, { type: 'loaded' }>,
  ) {
    this.#thread = thread;
    this.#cancelFlag = cancelFlag;
    this.provider = loaded.provider;
    this.degradedReason = loaded.degradedReason;
    this.precision = loaded.precision;
    thread.on('message', (message: FromThread) => this.#settle(message));
    // An error that escapes an engine leaves the thread useless and its native state unknown: it
    // takes the worker with it, and the supervisor puts a fresh process in its place.
    thread.on('error', (error) => {
      throw error;
    });
  }

  /** Whether a step runs. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Where its graphs' nodes ran, once {@link ReplicaThread.warmed} has told. */
  get placement(): Placement | undefined {
    return this.#placement;
  }

  /** Tells the replica that its first runs are done, and resolves with what they showed. */
  async warmed(): Promise<Placement | undefined> {
    this.#placement = (await this.#run({ type: 'warmed' })) as Placement | undefined;
    return this.#placement;
  }

  /** Runs one step; only one at a time. */
  run(step: unknown): Promise<unknown> {
    return this.#run({ type: 'step', step });
  }

  /** Runs steps that may join, at most {@link MAX_TOGETHER}; results in their order. */
  async runTogether(steps: readonly unknown[]): Promise<readonly unknown[]> {
    return (await this.#run({ type: 'steps', steps })) as readonly unknown[];
  }

  /**
   * Asks a running step to end early; engines look at it between runs of the network.
   * @param index Its place among those that run together.
   */
  cancelRunning(index = 0): void {
    Atomics.store(this.#cancelFlag, index, 1);
  }

  #run(message: ToThread): Promise<unknown> {
    if (this.#pending) throw new Error('A replica runs one step at a time.');
    this.#cancelFlag.fill(0);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#post(message);
    });
  }

  /** Lets a running step end, releases the weights and ends the thread. */
  async close(): Promise<void> {
    const exited = once(this.#thread, 'exit');
    this.#post({ type: 'close' });
    await exited;
  }

  #post(message: ToThread): void {
    this.#thread.postMessage(message);
  }

  #settle(message: FromThread): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (message.type === 'result') pending?.resolve(message.result);
    else if (message.type === 'results') pending?.resolve(message.results);
    else if (message.type === 'placed') pending?.resolve(message.placement);
    else if (message.type === 'step_failed') {
      const error = ChorusError.fromWire(message.error);
      error.cause = message.reason;
      pending?.reject(error);
    }
  }
}
