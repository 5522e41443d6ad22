import { inSpan } from '../protocol/in-span.js';
import { NO_SPAN, type Span } from '../protocol/trace.js';
import type { AcquireRequest, Lease } from '../routing/router.js';

/** Waits for a place, in a span of its own if the request is traced. */
export function inQueueSpan<Grant extends { readonly workerId: string }>(
  request: AcquireRequest,
  acquire: () => Promise<Grant>,
): Promise<Grant> {
  const { trace, model, class: urgency } = request;
  if (trace?.isSampled !== true) return acquire();
  const span = trace.start('queue', { 'chorus.model': model, 'chorus.class': urgency });
  return inSpan(span, async () => {
    const grant = await acquire();
    span.set({ 'chorus.worker': grant.workerId });
    return grant;
  });
}

/** The span of a call to a lease's worker. */
export function dispatchSpan(
  { trace }: AcquireRequest,
  { workerId, model }: Pick<Lease, 'workerId' | 'model'>,
): Span {
  if (trace?.isSampled !== true) return NO_SPAN;
  return trace.start('dispatch', { 'chorus.worker': workerId, 'chorus.model': model });
}
