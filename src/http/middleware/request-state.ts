import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import type { DoorState } from '../context.js';

const REQUEST_ID = /^[\w.-]{1,128}$/;
const MAX_TIMEOUT_MS = 24 * 3600 * 1000;

/** Gives every request its id, its facts and the signal that tells when nobody waits any more. */
export function requestState(): Middleware<DoorState> {
  return async function requestState(ctx, next) {
    const offered = ctx.get('X-Request-Id');
    const requestId = REQUEST_ID.test(offered) ? offered : randomUUID();
    const lifetime = new AbortController();
    const timer = deadline(ctx.get('X-Request-Timeout-Ms'), lifetime);
    abortOnDisconnect(ctx.res, lifetime);
    Object.assign(ctx.state, { requestId, signal: lifetime.signal, facts: { outcome: 'ok' } });
    ctx.set('X-Request-Id', requestId);
    try {
      await next();
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A header that makes no sense is ignored: it asks for less patience, never for a right. */
function deadline(header: string, lifetime: AbortController): NodeJS.Timeout | undefined {
  const timeoutMs = /^\d{1,9}$/.test(header) ? Number(header) : 0;
  if (timeoutMs === 0) return undefined;
  const message = `The request was not done within ${timeoutMs} ms (X-Request-Timeout-Ms).`;
  return setTimeout(
    () => lifetime.abort(new ChorusError('deadline_exceeded', message)),
    Math.min(timeoutMs, MAX_TIMEOUT_MS),
  );
}

function abortOnDisconnect(res: ServerResponse, lifetime: AbortController): void {
  res.once('close', () => {
    if (res.writableFinished) return;
    lifetime.abort(new ChorusError('canceled', 'The client closed the connection.'));
  });
}
