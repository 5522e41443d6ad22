import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { ChorusError } from '../protocol/errors.js';
import type { DoorContext } from './context.js';

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
    if (!res.write(chunk)) await once(res, 'drain', { signal });
  }
  res.end();
  await finished(res, { signal });
}
