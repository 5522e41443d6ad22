import type { LeaseRouter } from '../routing/lease-router.js';
import type { AcquireRequest, Lease, Router, Stream, StreamRequest } from '../routing/router.js';
import { FleetLease, type LeaseSurroundings } from './fleet-lease.js';
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
    const grant = await this.#around.leases.acquire(request, signal);
    return new FleetLease(grant, request, this.#around);
  }

  /** See {@link Router.openStream}. */
  openStream(demand: StreamRequest): Stream {
    const { leases } = this.#around;
    const { workerId, target, lost, close } = leases.openStream(demand);
    return {
      workerId,
      model: demand.model,
      lost,
      close,
      acquire: async (work, signal) => {
        const request = { ...demand, ...work };
        await this.#refusePoisoned(request);
        const grant = await leases.acquireAt(target, request, signal);
        return new FleetLease(grant, request, this.#around);
      },
    };
  }

  async #refusePoisoned({ digest }: AcquireRequest): Promise<void> {
    const { poison } = this.#around;
    if (!poison.isEmpty) poison.refuse(await digest());
  }
}
