import type { IncomingMessage } from 'node:http';
import type { DoorContext } from './context.js';

/** Node swallows a rest of this size by itself and keeps the connection. */
const SMALL_REST_BYTES = 64 * 1024;
/** How long we go on swallowing; nginx's `lingering_time` and `lingering_timeout` are the models. */
const LINGER_MS = 30_000;
const LINGER_IDLE_MS = 5_000;

/** Says whether a request's body is still on its way and too large to be swallowed in silence. */
export function lingersUnread(req: IncomingMessage): boolean {
  if (req.complete || req.destroyed) return false;
  if (req.headers['transfer-encoding'] !== undefined) return true;
  return Number(req.headers['content-length'] ?? 0) > SMALL_REST_BYTES;
}

/**
 * Answers a request whose body is still arriving, so that the client really sees the answer.
 * Closing with bytes unread makes the kernel send a reset, which can wipe the answer out of the
 * client's buffer; so the answer goes out whole, and the rest of the body is swallowed for a
 * bounded time before the connection closes.
 */
export async function sendAndLinger(ctx: DoorContext, body: Buffer): Promise<void> {
  const { req, res } = ctx;
  ctx.respond = false;
  ctx.set({
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(body.length),
  });
  // Node closes the connection on end(), not before.
  res.write(body);
  await swallow(req);
  res.end();
}

function swallow(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(done, LINGER_MS);
    const idle = setTimeout(done, LINGER_IDLE_MS);
    function onData(): void {
      idle.refresh();
    }
    function done(): void {
      clearTimeout(limit);
      clearTimeout(idle);
      req.off('data', onData);
      resolve();
    }
    req.on('data', onData);
    // An aborted upload errs, and the error has no other listener by now.
    req.once('error', done);
    req.once('end', done);
    req.once('close', done);
    req.resume();
  });
}
