import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { DoorState } from '../context.js';

/**
 * Writes one line per request when its answer has left or its connection has gone. The route is
 * the pattern, not the path, and no body or query is logged: they may carry users' texts.
 */
export function accessLog(log: Logger): Middleware<DoorState> {
  return async function accessLog(ctx, next) {
    const startedAt = process.hrtime.bigint();
    const { socket } = ctx.req;
    const before = { in: socket.bytesRead, out: socket.bytesWritten };
    ctx.res.once('close', () => {
      const { requestId, facts } = ctx.state;
      log.info(
        {
          requestId,
          method: ctx.method,
          route: routeOf(ctx),
          status: ctx.res.statusCode,
          ms: Number(process.hrtime.bigint() - startedAt) / 1e6,
          bytesIn: socket.bytesRead - before.in,
          bytesOut: socket.bytesWritten - before.out,
          worker: facts.workerId,
          model: facts.model,
          outcome: ctx.res.writableFinished || facts.outcome !== 'ok' ? facts.outcome : 'canceled',
        },
        'request',
      );
    });
    await next();
  };
}

function routeOf(ctx: { [key: string]: unknown }): string {
  const route = ctx['_matchedRoute'];
  return typeof route === 'string' ? route : 'none';
}
