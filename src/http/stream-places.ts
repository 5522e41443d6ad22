import type { AcquireRequest, Lease, Router, Stream } from '../routing/router.js';

/** Takes the places of requests from a connection's own worker. */
export function placesOf(stream: Stream): Pick<Router, 'acquire'> {
  return {
    acquire: (request: AcquireRequest, signal: AbortSignal): Promise<Lease> => {
      const { requestId, digest, cost, cameFurther, deadlineAtMs, trace } = request;
      const work = {
        ...{ requestId, digest, cost },
        ...(cameFurther !== undefined && { cameFurther }),
        ...(deadlineAtMs !== undefined && { deadlineAtMs }),
        ...(trace && { trace }),
      };
      return stream.acquire(work, signal);
    },
  };
}
