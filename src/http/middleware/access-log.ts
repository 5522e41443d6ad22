import type { Socket } from 'node:net';
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import { type DoorState, outcomeOf } from '../context.js';
import { PROBES } from '../probes.js';

/** Bytes of a socket that belong to earlier requests; the first of a request came before us. */
const counted = new WeakMap<Socket, { readonly in: number; readonly out: number }>();

/**
 * Writes one line per request when its answer has left or its connection has gone. The route is
 * the pattern, not the path, and no body or query is logged: they may carry users' texts.
 */
export function accessLog(log: Logger): Middleware<DoorState> {
  // Nothing in a line could be a secret, and looking for secrets is most of what a line costs.
  const lines = log.child({}, { redact: [] });
  return function accessLog(ctx, next) {
    const startedAt = process.hrtime.bigint();
    const { socket } = ctx.req;
    ctx.res.once('close', () => {
      const before = counted.get(socket) ?? { in: 0, out: 0 };
      counted.set(socket, { in: socket.bytesRead, out: socket.bytesWritten });
      const { requestId, facts } = ctx.state;
      // Asked every few seconds by machines; their lines would drown the others.
      lines[PROBES.has(ctx.path) ? 'debug' : 'info'](
        {
          requestId,
          traceId: ctx.state.trace.traceId,
          method: ctx.method,
          route: routeOf(ctx),
          status: ctx.res.statusCode,
          ms: Number(process.hrtime.bigint() - startedAt) / 1e6,
          bytesIn: socket.bytesRead - before.in,
          bytesOut: socket.bytesWritten - before.out,
          worker: facts.workerId,
          model: facts.model,
          outcome: outcomeOf(ctx),
        },
        'request',
      );
    });
    return next();
  };
}

/** The pattern of the route that a request took; `none` if there is none. */
export function routeOf(ctx: { [key: string]: unknown }): string {
  const route = ctx['_matchedRoute'];
  return typeof route === 'string' ? route : 'none';
}
