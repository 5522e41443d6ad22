import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ChorusError } from '../protocol/errors.js';
import type { DoorContext } from './context.js';

/** A client that takes nothing for so long gives up its place: others wait for it. */
const STALL_MS = 120_000;

/**
 * Sends a streamed answer: each chunk leaves at once, and a slow reader holds the source back.
 * If the source fails the error goes on to the caller, who breaks the connection: the last chunk
 * of the encoding is written only after the source has ended well.
 */
export async function streamAnswer(
  ctx: DoorContext,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { res } = ctx;
  const { signal } = ctx.state;
  ctx.respond = false;
  ctx.status = 200;
  for await (const chunk of chunks) {
    if (res.destroyed) throw new ChorusError('canceled', 'The client closed the connection.');
    if (!res.write(chunk)) await drained(res, signal);
  }
  watchForStall(res);
  await ended(res, signal);
  // From here on Node watches over the socket: for the next request, or for its end.
}

/** Ends the answer and waits until its last byte has left. */
function ended(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      res.off('finish', settle).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(ChorusError.from(error));
    };
    const onAbort = (): void => settle(signal.reason);
    const onClose = (): void =>
      settle(new ChorusError('canceled', 'The client closed the connection.'));
    signal.addEventListener('abort', onAbort);
    res.once('finish', settle).once('close', onClose);
    res.end();
    if (signal.aborted) onAbort();
  });
}

async function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  watchForStall(res);
  await once(res, 'drain', { signal });
  // Silence is ours now, not the client's: the next audio may take its time.
  res.socket?.setTimeout(0);
}

/** Node destroys a socket on which nothing moves for so long, and that ends the wait. */
function watchForStall(res: ServerResponse): void {
  res.socket?.setTimeout(STALL_MS);
}
