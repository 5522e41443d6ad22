import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { NO_SPAN } from '../../protocol/trace.js';
import type { DoorState } from '../context.js';

const REQUEST_ID = /^[\w.-]{1,128}$/;

/** Gives every request its id, its facts and the signal that tells when nobody waits any more. */
export function requestState(): Middleware<DoorState> {
  return function requestState(ctx, next) {
    const offered = ctx.get('X-Request-Id');
    const requestId = REQUEST_ID.test(offered) ? offered : randomUUID();
    const lifetime = new AbortController();
    abortOnDisconnect(ctx.res, lifetime);
    const { signal } = lifetime;
    const state: Omit<DoorState, 'claim'> = {
      requestId,
      lifetime,
      signal,
      facts: { outcome: 'ok' },
      trace: NO_SPAN,
    };
    ctx.state = state as DoorState;
    ctx.set('X-Request-Id', requestId);
    return next();
  };
}

function abortOnDisconnect(res: ServerResponse, lifetime: AbortController): void {
  res.once('close', () => {
    if (res.writableFinished) return;
    lifetime.abort(new ChorusError('canceled', 'The client closed the connection.'));
  });
}
