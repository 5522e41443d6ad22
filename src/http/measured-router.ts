import { ChorusError } from '../protocol/errors.js';
import type {
  AcquireRequest,
  Lease,
  PlaceRequest,
  Router,
  Stream,
  StreamRequest,
  StreamWork,
} from '../routing/router.js';
import type { RejectionScope, RequestMetrics } from '../telemetry/metrics/request-metrics.js';

/** Which refusals of a router are for want of room, and of which. */
const SCOPES: Readonly<Record<string, RejectionScope>> = {
  queue_full: 'queue',
  queue_timeout: 'wait',
};

/** A router that times how long places are waited for, and counts what it refuses. */
export class MeasuredRouter implements Router {
  readonly #router: Router;
  readonly #metrics: RequestMetrics;

  constructor(router: Router, metrics: RequestMetrics) {
    this.#router = router;
    this.#metrics = metrics;
  }

  /** See {@link Router.acquire}. */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    return this.#measured(request, () => this.#router.acquire(request, signal));
  }

  /** See {@link Router.openStream}. */
  openStream(request: StreamRequest): Stream {
    const stream = this.#placed(request);
    const { workerId, model, lost } = stream;
    const acquire = (work: StreamWork, signal: AbortSignal): Promise<Lease> =>
      this.#measured(request, () => stream.acquire(work, signal));
    return { workerId, model, lost, acquire, close: () => stream.close() };
  }

  #placed(request: StreamRequest): Stream {
    try {
      return this.#router.openStream(request);
    } catch (caught) {
      if (ChorusError.from(caught).code === 'queue_full') this.#metrics.rejected('streams');
      throw caught;
    }
  }

  async #measured(
    whose: Pick<PlaceRequest, 'service' | 'model' | 'class'>,
    acquire: () => Promise<Lease>,
  ): Promise<Lease> {
    const startedAtMs = performance.now();
    try {
      const lease = await acquire();
      this.#metrics.waited(whose, (performance.now() - startedAtMs) / 1000);
      return lease;
    } catch (caught) {
      const scope = SCOPES[ChorusError.from(caught).code];
      if (scope !== undefined) this.#metrics.rejected(scope);
      throw caught;
    }
  }
}
