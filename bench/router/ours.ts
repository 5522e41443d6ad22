import { setImmediate as promisesKept } from 'node:timers/promises';

import { ChorusError } from '../../src/protocol/errors.js';
import { LeaseRouter } from '../../src/routing/lease-router.js';
import type { Balancer, BalancerSite } from './balancers.js';
import type { PlaceRequest } from '../../src/routing/router.js';
import type { Job, Replica } from './replica.js';
import type { TraceRequest } from './trace.js';

const MODEL = 'simulated';
/** Nobody is refused, neither by number nor by predicted wait: only then can waits be compared. */
const LIMITS = { maxQueue: Infinity, queueTimeoutMs: 1e12, maxStreams: 1 };

/** The router of the server itself, told what the server tells it. */
export function ours({ clock, replicas, capacity, random }: BalancerSite): Balancer {
  const router = new LeaseRouter<Replica>(LIMITS, { clock, random: random.next });
  for (const [index, target] of replicas.entries()) {
    router.add({ workerId: `replica-${index}`, service: 'tts', model: MODEL, capacity, target });
  }
  let refusal: unknown;
  const settle = async (): Promise<void> => {
    // Between two moments all promises that are due are kept, as they are in a real server.
    await promisesKept();
    if (refusal !== undefined) throw ChorusError.from(refusal);
  };
  const serve = async (request: TraceRequest, job: Job): Promise<void> => {
    const grant = await router.acquire(demandOf(request), new AbortController().signal);
    const onStart = (): void => (job.onStart(), grant.report('result'));
    const onEnd = (): void => (job.onEnd(), grant.report('done'), grant.release());
    grant.target.accept({ ...job, onStart, onEnd });
  };
  const arrive = (request: TraceRequest, job: Job): void => {
    void serve(request, job).catch((caught: unknown) => {
      refusal = caught;
    });
  };
  return { arrive, settle };
}

function demandOf(request: TraceRequest): PlaceRequest {
  const { cost, client = 'anybody', class: requestClass = 'interactive' } = request;
  return { service: 'tts', model: MODEL, class: requestClass, client, cost };
}
