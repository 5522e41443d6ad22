import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { RequestMetrics } from '../../telemetry/metrics/request-metrics.js';
import type { DoorState } from '../context.js';
import { countRequest } from '../middleware/measure.js';
import { routeOf } from '../middleware/access-log.js';

/**
 * Writes one line per upgrade when its connection has ended or it was refused. The route is the
 * pattern, not the path, and no message or query is logged: they may carry users' texts or keys.
 */
export function streamLog(log: Logger, metrics: RequestMetrics): Middleware<DoorState> {
  return async function streamLog(ctx, next) {
    const startedAtMs = performance.now();
    const { socket } = ctx.req;
    const { requestId, facts } = ctx.state;
    await next();
    countRequest(metrics, ctx, { outcome: facts.outcome });
    log.info(
      {
        requestId,
        traceId: ctx.state.trace.traceId,
        method: ctx.method,
        route: routeOf(ctx),
        status: ctx.res.statusCode,
        ms: performance.now() - startedAtMs,
        bytesIn: socket.bytesRead,
        bytesOut: socket.bytesWritten,
        worker: facts.workerId,
        model: facts.model,
        outcome: facts.outcome,
      },
      'request',
    );
  };
}
