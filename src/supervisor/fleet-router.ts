import { ChorusError } from '../protocol/errors.js';
import type { LeaseRouter } from '../routing/lease-router.js';
import type { Grant } from '../routing/model-route.js';
import type { AcquireRequest, Lease, Router, Stream, StreamRequest } from '../routing/router.js';
import { FleetLease, type LeaseSurroundings } from './fleet-lease.js';
import { inQueueSpan } from './spans.js';
import { PoisonList } from './poison-list.js';
import type { WorkerClient } from './worker-client.js';

/**
 * Hands out the fleet's places together with the way to them. Refuses inputs that have killed two
 * processes, so that one bad request cannot take down one worker after the other.
 */
export class FleetRouter implements Router {
  readonly #around: LeaseSurroundings;

  constructor(leases: LeaseRouter<WorkerClient>, poison: PoisonList = new PoisonList()) {
    this.#around = { leases, poison };
  }

  /** See {@link Router.acquire}. */
  async acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    await this.#refusePoisoned(request);
    const grant = await inQueueSpan(request, () => this.#around.leases.acquire(request, signal));
    return new FleetLease(grant, request, this.#around);
  }

  /** See {@link Router.openStream}. */
  openStream(demand: StreamRequest): Stream {
    const { leases } = this.#around;
    const { workerId, target, lost, close } = leases.openStream(demand);
    let isWaiting = false;
    return {
      workerId,
      model: demand.model,
      lost,
      close,
      acquire: async (work, signal) => {
        if (isWaiting) throw waitsAlready();
        const request = { ...demand, ...work };
        isWaiting = true;
        try {
          await this.#refusePoisoned(request);
          const acquire = (): Promise<Grant<WorkerClient>> =>
            leases.acquireAt(target, request, signal);
          const grant = await inQueueSpan(request, acquire);
          return new FleetLease(grant, request, this.#around);
        } finally {
          isWaiting = false;
        }
      },
    };
  }

  async #refusePoisoned({ digest, cameFurther = false }: AcquireRequest): Promise<void> {
    const { poison } = this.#around;
    if (!poison.isEmpty && !cameFurther) poison.refuse(await digest());
  }
}

/** Streams are as many as `MAX_STREAMS` allows; so is their work, if each waits for one piece of it. */
function waitsAlready(): ChorusError {
  return new ChorusError('queue_full', 'The work before this one on the stream still waits.');
}
