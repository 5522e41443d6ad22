import { HarmfulCall, LostReplica } from './lost-replica.js';
import { PoisonList } from './poison-list.js';
import type { AcquireRequest, Lease, Router } from './router.js';

/**
 * Refuses inputs that have killed two processes, so that one bad request cannot take down one
 * worker after the other. Only a request whose step was running when its worker died is suspected,
 * not those that merely shared the worker with it.
 */
export class GuardedRouter implements Router {
  readonly #inner: Router;
  readonly #poison: PoisonList;

  constructor(inner: Router, poison: PoisonList = new PoisonList()) {
    this.#inner = inner;
    this.#poison = poison;
  }

  /** See {@link Router.acquire}. */
  async acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    if (!this.#poison.isEmpty) this.#poison.refuse(await request.digest());
    const lease = await this.#inner.acquire(request, signal);
    return {
      workerId: lease.workerId,
      model: lease.model,
      synthesize: (speech, end) => this.#watched(lease.synthesize(speech, end), request),
      transcribe: (speech, end) => this.#watched(lease.transcribe(speech, end), request),
      release: () => lease.release(),
    };
  }

  async *#watched<Event extends { readonly type: string }>(
    events: AsyncIterable<Event>,
    request: AcquireRequest,
  ): AsyncGenerator<Event> {
    try {
      for await (const event of events) {
        if (event.type === 'done') await this.#clear(request);
        yield event;
      }
    } catch (caught) {
      const victim = victimOf(caught);
      if (victim !== undefined) this.#poison.suspect(await request.digest(), victim);
      throw caught;
    }
  }

  async #clear(request: AcquireRequest): Promise<void> {
    if (!this.#poison.isEmpty) this.#poison.clear(await request.digest());
  }
}

/** The process that may have died of a request, as far as its failure tells. */
function victimOf(caught: unknown): string | undefined {
  if (caught instanceof LostReplica) {
    return caught.finding?.wasRunning === true ? caught.finding.incarnation : undefined;
  }
  // The worker itself said that of this very request.
  return caught instanceof HarmfulCall ? caught.incarnation : undefined;
}
