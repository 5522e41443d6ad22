import type { JobContext, SpeechModel } from '../engines/engine.js';
import type { StepReplica } from './step-scheduler.js';

/**
 * Lets a model speak a few words on each of its replicas, before anybody waits for it: first runs
 * allocate memory and compile code, and take several times as long as later ones.
 */
export async function warmUp(
  model: SpeechModel,
  replicas: readonly Pick<StepReplica, 'run'>[],
): Promise<void> {
  await Promise.all(replicas.map(async (replica) => model.warmUp?.(contextOf(replica))));
}

/** A replica runs one step at a time; there is no scheduler yet that would see to it. */
function contextOf(replica: Pick<StepReplica, 'run'>): JobContext {
  let last: Promise<unknown> = Promise.resolve();
  const step = (payload: unknown): Promise<unknown> => {
    const running = last.then(() => replica.run(payload));
    last = running.catch(() => undefined);
    return running;
  };
  return { signal: new AbortController().signal, step };
}
