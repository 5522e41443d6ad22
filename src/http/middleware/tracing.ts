import type { Middleware } from 'koa';
import type { Outcome, Tracing } from '../../protocol/trace.js';
import { type DoorContext, type DoorState, outcomeOf } from '../context.js';
import { PROBES } from '../probes.js';
import { routeOf } from './access-log.js';

/**
 * Begins the span of every request but those of probes, and ends it when the answer has left or the
 * connection has gone. Its route is the pattern, not the path.
 */
export function tracing(traces: Tracing): Middleware<DoorState> {
  return function tracing(ctx, next) {
    if (PROBES.has(ctx.path)) return next();
    const trace = traces.startRequest(ctx.method, ctx.headers);
    Object.assign(ctx.state, { trace });
    if (trace.isSampled) ctx.res.once('close', () => endRequest(ctx, outcomeOf(ctx)));
    return next();
  };
}

/** Ends the span of a request; further calls do nothing. */
export function endRequest(ctx: DoorContext, outcome: Outcome): void {
  const { requestId, facts, trace } = ctx.state;
  const route = routeOf(ctx);
  trace.set(
    {
      'http.route': route === 'none' ? undefined : route,
      'http.response.status_code': ctx.res.statusCode,
      'chorus.request_id': requestId,
      'chorus.model': facts.model,
      'chorus.worker': facts.workerId,
    },
    route === 'none' ? undefined : `${ctx.method} ${route}`,
  );
  trace.end(outcome);
}
