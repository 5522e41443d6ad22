import type { WarmUpContext, Warmable, WarmedBuckets } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import type { StepReplica } from './step-scheduler.js';

/** How the lengths of a model's buckets were run. */
export interface BucketRuns {
  /** Until the last replica had run them. */
  readonly ms: number;
  /** Runs of steps on all replicas. */
  readonly steps: number;
  /** The lengths that each of them ran; none on the CPU. */
  readonly buckets: WarmedBuckets;
}

/** The part of a replica that warming up needs. */
export interface ColdReplica extends Pick<StepReplica, 'run' | 'runTogether'> {
  readonly provider: string;
}

/**
 * Lets a model run a short request on each of its replicas, before anybody waits for it.
 * @throws What the first of them threw, once no step runs any more.
 */
export async function warmUp(model: Warmable, replicas: readonly ColdReplica[]): Promise<void> {
  await onEach(replicas, async (run) => model.warmUp?.(run));
}

/**
 * Lets a model run all of its buckets on each replica that is not on the CPU: a GPU looks for the best
 * kernels anew for each shape.
 * @throws What the first of them threw, once no step runs any more.
 */
export async function warmBuckets(
  model: Warmable,
  replicas: readonly ColdReplica[],
): Promise<BucketRuns> {
  const beganMs = performance.now();
  const elsewhere = replicas.filter(({ provider }) => provider !== 'cpu');
  const runs = await onEach(elsewhere, async (run) => {
    const buckets = await model.warmBuckets?.(run);
    return { buckets, steps: run.steps };
  });
  const steps = runs.reduce((sum, run) => sum + run.steps, 0);
  return { ms: performance.now() - beganMs, steps, buckets: runs[0]?.buckets ?? {} };
}

/** If one replica fails, the others begin no further step. */
async function onEach<Result>(
  replicas: readonly ColdReplica[],
  warm: (run: WarmUpRun) => Promise<Result>,
): Promise<Result[]> {
  const abort = new AbortController();
  const runs = replicas.map(async (replica) => {
    try {
      return await warm(new WarmUpRun(replica, abort.signal));
    } catch (caught) {
      abort.abort(caught);
      throw caught;
    }
  });
  const settled = await Promise.allSettled(runs);
  if (abort.signal.aborted) throw abort.signal.reason;
  return settled.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
}

/** A replica runs one step at a time; there is no scheduler yet that would see to it. */
class WarmUpRun implements WarmUpContext {
  readonly signal: AbortSignal;
  /** Runs so far. */
  steps = 0;
  readonly #replica: ColdReplica;
  #last: Promise<unknown> = Promise.resolve();

  constructor(replica: ColdReplica, signal: AbortSignal) {
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
