import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ChorusError } from '../protocol/errors.js';
import { bytesFrame, type Frame, jsonFrame, readFrames } from '../protocol/frames.js';
import type { DecodeRequest, EncodeRequest, SystemFormat } from '../protocol/media.js';
import type { Codecs } from './codecs.js';
import type { EncoderStream } from './encoder-stream.js';

/** Paths and numbers only; anything larger is a defect. */
const MAX_JSON_BYTES = 64 * 1024;

/** What the media process's socket serves from. */
export interface MediaServerOptions {
  readonly codecs: Codecs;
}

type Answer = (request: IncomingMessage, response: ServerResponse, codecs: Codecs) => Promise<void>;

const ROUTES: Readonly<Record<string, Answer>> = {
  '/decode': decode,
  '/check-format': checkFormat,
  '/encode': encode,
};

/**
 * Makes the media process's data socket.
 *
 * - `POST /decode`: a JSON {@link DecodeRequest} → a JSON `DecodedAudio`, or `{error}`.
 * - `POST /check-format`: a JSON `{format}` → an empty object, or `{error}`.
 * - `POST /encode`: frames, both ways at once. In: a JSON {@link EncodeRequest}, then PCM until the
 *   body ends. Out: encoded bytes, at last `{type:'done'}` or `{type:'error', error}`. An answer
 *   that ends without either was broken off.
 */
export function createMediaServer({ codecs }: MediaServerOptions): Server {
  // Only the supervisor closes idle connections: a close from here could meet a new request.
  return createServer(
    { noDelay: true, requestTimeout: 0, keepAliveTimeout: 0 },
    (request, response) => {
      const answer = ROUTES[request.url ?? ''] ?? unknownPath;
      answer(request, response, codecs).catch((caught: unknown) => refuse(response, caught));
    },
  );
}

async function unknownPath(request: IncomingMessage): Promise<void> {
  throw new ChorusError('route_not_found', `The media process has no path ${request.url}.`);
}

async function decode(
  request: IncomingMessage,
  response: ServerResponse,
  codecs: Codecs,
): Promise<void> {
  const body = (await readJson(request)) as DecodeRequest;
  const audio = await codecs.decode(body, closeSignal(response));
  sendJson(response, 200, audio);
}

async function checkFormat(
  request: IncomingMessage,
  response: ServerResponse,
  codecs: Codecs,
): Promise<void> {
  const { format } = (await readJson(request)) as { readonly format: SystemFormat };
  await codecs.checkFormat(format);
  sendJson(response, 200, {});
}

async function encode(
  request: IncomingMessage,
  response: ServerResponse,
  codecs: Codecs,
): Promise<void> {
  const frames = readFrames(request);
  const first = await frames.next();
  if (first.done === true || first.value.kind !== 'json') {
    throw new ChorusError('internal', 'An encoding began without its request.');
  }
  const encoder = codecs.openEncoder(first.value.value as EncodeRequest);
  const signal = closeSignal(response);
  signal.addEventListener('abort', () => encoder.destroy());
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.flushHeaders();
  // A source that breaks off destroys the encoder, and that ends the answer.
  feed(frames, encoder).catch(() => encoder.destroy());
  try {
    for await (const bytes of encoder.output) {
      if (!response.write(bytesFrame(bytes))) await once(response, 'drain', { signal });
    }
    response.end(jsonFrame({ type: 'done' }));
  } catch (caught) {
    response.end(jsonFrame({ type: 'error', error: ChorusError.from(caught).toWire() }));
  }
}

async function feed(frames: AsyncIterable<Frame>, encoder: EncoderStream): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === 'bytes') await encoder.write(frame.bytes);
  }
  encoder.end();
}

function closeSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  return abort.signal;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_JSON_BYTES) throw new ChorusError('internal', 'The request is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, caught: unknown): void {
  const error = ChorusError.from(caught);
  if (response.headersSent) response.destroy();
  else sendJson(response, error.status, { error: error.toWire() });
}
