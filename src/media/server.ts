import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ChorusError } from '../protocol/errors.js';
import { bytesFrame, jsonFrame, readFrames, type Frame } from '../protocol/frames.js';
import type { DecodeRequest, EncodeRequest } from '../protocol/media.js';
import type { Codecs, EncoderStream } from './codecs.js';

/** What the server serves from. */
export interface MediaServerOptions {
  readonly codecs: Codecs;
}

/**
 * The media process's data socket. Both routes speak frames:
 *
 * - `POST /decode`: a `DecodeRequest`, answered by `{type:'decoded', audio}`;
 * - `POST /encode`: an `EncodeRequest`, then PCM frames; the body's end is the end of the audio.
 *   Encoded frames are answered while the body is still open, then `{type:'done'}`.
 *
 * A failure is a last frame `{type:'error', error}`. An answer without a last frame is a process
 * that has died. A client that leaves frees the codec.
 */
export function createMediaServer({ codecs }: MediaServerOptions): Server {
  return createServer(
    { noDelay: true, requestTimeout: 0, keepAliveTimeout: 0 },
    (request, response) => {
      void answer(codecs, request, response);
    },
  );
}

async function answer(
  codecs: Codecs,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.flushHeaders();
  const frames = readFrames(request as AsyncIterable<Uint8Array>);
  try {
    const first = await frames.next();
    const exchange = { codecs, response, signal: abort.signal };
    if (request.url === '/decode') await decode(exchange, jsonOf(first.value));
    else if (request.url === '/encode') await encode(exchange, jsonOf(first.value), frames);
    else throw new ChorusError('route_not_found', `The media process has no ${request.url}.`);
  } catch (caught) {
    response.write(jsonFrame({ type: 'error', error: ChorusError.from(caught).toWire() }));
  }
  response.end();
}

interface Exchange {
  readonly codecs: Codecs;
  readonly response: ServerResponse;
  /** Aborts when the connection closes. */
  readonly signal: AbortSignal;
}

async function decode({ codecs, response, signal }: Exchange, request: unknown): Promise<void> {
  const audio = await codecs.decode(request as DecodeRequest, signal);
  response.write(jsonFrame({ type: 'decoded', audio }));
}

async function encode(
  { codecs, response, signal }: Exchange,
  request: unknown,
  frames: AsyncIterable<Frame>,
): Promise<void> {
  const encoder = codecs.openEncoder(request as EncodeRequest);
  signal.addEventListener('abort', () => encoder.destroy(), { once: true });
  try {
    await Promise.all([feed(encoder, frames), drain(encoder, { response, signal })]);
  } catch (caught) {
    encoder.destroy();
    throw caught;
  }
  response.write(jsonFrame({ type: 'done' }));
}

async function feed(encoder: EncoderStream, frames: AsyncIterable<Frame>): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === 'bytes') await encoder.write(frame.bytes);
  }
  encoder.end();
}

/** A reader that takes nothing holds back the encoder, and through it the source of the audio. */
async function drain(
  encoder: EncoderStream,
  { response, signal }: Pick<Exchange, 'response' | 'signal'>,
): Promise<void> {
  for await (const bytes of encoder.output) {
    if (!response.write(bytesFrame(bytes))) await once(response, 'drain', { signal });
  }
}

function jsonOf(frame: Frame | undefined): unknown {
  if (frame?.kind === 'json') return frame.value;
  throw new ChorusError('internal', 'A media exchange begins with a JSON frame.');
}
