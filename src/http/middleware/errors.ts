import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import { ChorusError } from '../../protocol/errors.js';
import type { ErrorAnswer, ErrorRenderer } from '../api-family.js';
import type { DoorContext, DoorState } from '../context.js';
import { lingersUnread, sendAndLinger } from '../linger.js';

const MIN_RETRY_SECONDS = 1;
/** Clients ignore longer waits. */
const MAX_RETRY_SECONDS = 60;
const DEFAULT_RETRY_MS = 2000;

/**
 * Turns whatever a handler throws into the family's error answer. Once bytes of an answer have
 * left, the connection is broken instead, so that a short answer never looks complete.
 */
export function errors(render: ErrorRenderer, log: Logger): Middleware<DoorState> {
  return async function errors(ctx, next) {
    try {
      await next();
    } catch (caught) {
      const error = nameError(caught, ctx.state.signal);
      ctx.state.facts.outcome = error.code;
      logDefect(error, { log, requestId: ctx.state.requestId });
      if (ctx.res.headersSent || ctx.res.destroyed) breakOff(ctx);
      else
        await answer(ctx, error, render(error, { requestId: ctx.state.requestId, path: ctx.path }));
    }
  };
}

/**
 * Ends an answer so that nobody takes it for a whole one. To HTTP/1.0 (proxies speak it) the end of
 * the connection is the end of the answer, so there it has to be a reset.
 */
function breakOff({ req, res }: DoorContext): void {
  if (req.httpVersion === '1.0') req.socket.resetAndDestroy();
  else res.destroy();
}

/** Whatever breaks after the client left or the deadline passed broke because of that. */
function nameError(caught: unknown, signal: AbortSignal): ChorusError {
  return ChorusError.from(signal.aborted ? signal.reason : caught);
}

function logDefect(error: ChorusError, { log, requestId }: { log: Logger; requestId: string }) {
  if (error.code !== 'internal') return;
  log.error({ requestId, err: error.cause ?? error }, 'a request met an unexpected error');
}

async function answer(ctx: DoorContext, error: ChorusError, drawn: ErrorAnswer): Promise<void> {
  const { body } = drawn;
  ctx.respond = true;
  ctx.status = drawn.status;
  ctx.remove('Content-Length');
  ctx.set('X-Should-Retry', String(error.retryable));
  if (error.status === 429 || error.status === 503) ctx.set('Retry-After', retryAfter(error));
  ctx.set(drawn.headers ?? {});
  ctx.body = body;
  if (lingersUnread(ctx.req)) await sendAndLinger(ctx, Buffer.from(JSON.stringify(body)));
}

function retryAfter(error: ChorusError): string {
  const seconds = Math.ceil((error.details.retryAfterMs ?? DEFAULT_RETRY_MS) / 1000);
  return String(Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, seconds)));
}
