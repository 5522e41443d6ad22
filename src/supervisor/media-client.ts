import { Readable } from 'node:stream';

import type { Pool } from 'undici';

import { ChorusError, type WireError } from '../protocol/errors.js';
import { bytesFrame, type Frame, jsonFrame } from '../protocol/frames.js';
import type { DecodedAudio, DecodeRequest, EncodeRequest, MediaClient } from '../protocol/media.js';
import { FrameExchange } from './frame-exchange.js';
import { LostReplica } from './lost-replica.js';
import { transportError } from './transport-error.js';

const PROCESS = 'media process';

/** Speaks to the media process over its connection pool. */
export function createMediaClient(pool: Pool): MediaClient {
  return {
    decode: (request, signal) =>
      ask<DecodedAudio>(pool, { path: '/decode', body: request satisfies DecodeRequest, signal }),
    checkFormat: async (format, signal) => {
      await ask<object>(pool, { path: '/check-format', body: { format }, signal });
    },
    encode: (request, pcm, signal) => encode(pool, { request, pcm, signal }),
  };
}

interface Question {
  readonly path: string;
  readonly body: object;
  readonly signal: AbortSignal;
}

/** Sends JSON and gets JSON, or throws the error that it holds. */
async function ask<Answer extends object>(pool: Pool, question: Question): Promise<Answer> {
  const { path, body, signal } = question;
  try {
    const answer = await pool.request({ method: 'POST', path, body: JSON.stringify(body), signal });
    const read = (await answer.body.json()) as Answer | { readonly error: WireError };
    if ('error' in read) throw ChorusError.fromWire(read.error);
    return read;
  } catch (caught) {
    throw transportError(caught, { signal, process: PROCESS });
  }
}

interface Encoding {
  readonly request: EncodeRequest;
  readonly pcm: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/**
 * One duplex exchange. Leaving the iteration, a failing source and the signal all break the
 * exchange off, which frees the encoder; a failing source's own error is what the reader gets.
 */
async function* encode(pool: Pool, encoding: Encoding): AsyncGenerator<Uint8Array> {
  const source = new FrameSource(encoding);
  const { signal } = encoding;
  let done = false;
  try {
    const exchange = new FrameExchange(pool, { path: '/encode', body: source.body, signal });
    // Read to the end, past `done`: only then can the connection serve another request.
    for await (const frame of exchange) {
      if (frame.kind === 'bytes') yield frame.bytes;
      else done = isDone(frame);
    }
    if (!done) {
      throw new LostReplica('The media process ended in the middle of the answer.');
    }
  } catch (caught) {
    if (source.failure) throw source.failure.cause;
    throw transportError(caught, { signal, process: PROCESS });
  } finally {
    source.body.destroy();
  }
}

/** The request body of an encoding, which remembers why it failed. */
class FrameSource {
  readonly body: Readable;
  failure: { readonly cause: unknown } | undefined;
  readonly #encoding: Encoding;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    // One chunk ahead is enough: the socket and the encoder have buffers of their own.
    this.body = Readable.from(this.#frames(), { objectMode: false, highWaterMark: 1 });
    // undici listens only while it sends; a failure after that is in `failure` all the same.
    this.body.on('error', () => {});
  }

  async *#frames(): AsyncGenerator<Buffer> {
    try {
      yield jsonFrame(this.#encoding.request);
      for await (const chunk of this.#encoding.pcm) yield bytesFrame(chunk);
    } catch (caught) {
      this.failure ??= { cause: caught };
      throw caught;
    }
  }
}

function isDone(frame: Frame & { readonly kind: 'json' }): boolean {
  const message = frame.value as
    | { readonly type: 'done' }
    | { readonly type: 'error'; readonly error: WireError };
  if (message.type === 'error') throw ChorusError.fromWire(message.error);
  return true;
}
