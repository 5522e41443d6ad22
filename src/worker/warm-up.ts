import type { WarmUpContext, Warmable, WarmedBuckets } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import type { StepReplica } from './step-scheduler.js';

/** How a model's replicas were warmed up. */
export interface WarmUp {
  /** Until the last of them was warm. */
  readonly ms: number;
  /** Runs of steps on all of them. */
  readonly steps: number;
  /** The lengths that each of them ran; empty if it was only a short run. */
  readonly buckets: WarmedBuckets;
}

/** The part of a replica that warming up needs. */
export interface ColdReplica extends Pick<StepReplica, 'run' | 'runTogether'> {
  readonly provider: string;
}

/**
 * Lets a model run on each of its replicas what requests will ask for, before anybody waits for it:
 * first runs allocate memory, compile code and, on a GPU, look for the best kernels for a shape. If
 * one replica fails, the others begin no further step.
 * @throws What the first of them threw, once no step runs any more.
 */
export async function warmUp(model: Warmable, replicas: readonly ColdReplica[]): Promise<WarmUp> {
  const beganMs = performance.now();
  const abort = new AbortController();
  const contexts = replicas.map((replica) => new WarmUpRun(replica, abort.signal));
  const runs = contexts.map(async (context) => {
    try {
      return await model.warmUp?.(context);
    } catch (caught) {
      abort.abort(caught);
      throw caught;
    }
  });
  const settled = await Promise.allSettled(runs);
  if (abort.signal.aborted) throw abort.signal.reason;
  const [first] = settled.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
  const steps = contexts.reduce((sum, context) => sum + context.steps, 0);
  return { ms: performance.now() - beganMs, steps, buckets: first ?? {} };
}

/** A replica runs one step at a time; there is no scheduler yet that would see to it. */
class WarmUpRun implements WarmUpContext {
  readonly provider: string;
  readonly signal: AbortSignal;
  /** Runs so far. */
  steps = 0;
  readonly #replica: ColdReplica;
  #last: Promise<unknown> = Promise.resolve();

  constructor(replica: ColdReplica, signal: AbortSignal) {
    this.provider = replica.provider;
    this.signal = signal;
    this.#replica = replica;
  }

  readonly step = (step: unknown): Promise<unknown> =>
    this.#next(() =>
      this.#replica.run(typeof step === 'function' ? (step as () => unknown)() : step),
    );

  readonly together = (steps: readonly unknown[]): Promise<readonly unknown[]> =>
    this.#next(async () => {
      const results = await this.#replica.runTogether?.(steps);
      if (!results) throw new Error('The steps of this model cannot join.');
      return results;
    });

  #next<Result>(run: () => Promise<Result>): Promise<Result> {
    const running = this.#last.then(() => {
      if (this.signal.aborted) throw ChorusError.ofAbort(this.signal);
      this.steps += 1;
      return run();
    });
    this.#last = running.catch(() => undefined);
    return running;
  }
}
