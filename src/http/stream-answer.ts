import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ChorusError } from '../protocol/errors.js';
import type { DoorContext } from './context.js';

/** A client that takes nothing for so long gives up its place: others wait for it. */
const STALL_MS = 120_000;
/** What a failed answer says last may take so long to leave. */
const FAREWELL_MS = 1_000;

/** What leaves of a streamed answer at once: bytes, or text as UTF-8. */
type Chunk = Uint8Array | string;

/**
 * Sends a streamed answer: each chunk leaves at once, and a slow reader holds the source back.
 * If the source fails the error goes on to the caller, who breaks the connection: the last chunk
 * of the encoding is written only after the source has ended well.
 * @param farewell What a failed answer says last, if its format has a word for it.
 */
export async function streamAnswer(
  ctx: DoorContext,
  chunks: AsyncIterable<Chunk>,
  farewell?: (error: ChorusError) => Chunk,
): Promise<void> {
  const { res } = ctx;
  const { signal } = ctx.state;
  ctx.respond = false;
  ctx.status = 200;
  try {
    await writeAll(res, chunks, signal);
  } catch (caught) {
    const error = ChorusError.from(signal.aborted ? signal.reason : caught);
    if (farewell) await sayLast(res, farewell(error));
    throw error;
  }
  watchForStall(res);
  await ended(res, signal);
  // From here on Node watches over the socket: for the next request, or for its end.
}

async function writeAll(
  res: ServerResponse,
  chunks: AsyncIterable<Chunk>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    if (res.destroyed) throw new ChorusError('canceled', 'The client closed the connection.');
    if (!res.write(chunk)) await drained(res, signal);
  }
}

/** Waits until it has left: the connection is broken after that, and with it whatever waits in it. */
function sayLast(res: ServerResponse, chunk: Chunk): Promise<void> {
  if (res.destroyed || !res.headersSent) return Promise.resolve();
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, FAREWELL_MS);
    res.write(chunk, () => {
      clearTimeout(patience);
      resolve();
    });
  });
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
