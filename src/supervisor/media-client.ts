import { Readable } from 'node:stream';

import type { Pool } from 'undici';

import { ChorusError, type WireError } from '../protocol/errors.js';
import { bytesFrame, jsonFrame, readFrames, type Frame } from '../protocol/frames.js';
import type { DecodedAudio, EncodeRequest, MediaClient } from '../protocol/media.js';
import { transportError } from './transport-error.js';

/** The JSON frames that the media process answers with. */
type MediaEvent =
  | { readonly type: 'decoded'; readonly audio: DecodedAudio }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };

const PROCESS = 'media process';

/** Speaks to the media process over its connection pool. */
export function createMediaClient(pool: Pool): MediaClient {
  return {
    async decode(request, signal) {
      const body = jsonFrame(request);
      let audio: DecodedAudio | undefined;
      for await (const frame of exchange(pool, { path: '/decode', body, signal })) {
        const event = eventOf(frame);
        if (event?.type === 'decoded') audio = event.audio;
      }
      if (audio === undefined) throw lost();
      return audio;
    },
    encode: (request, pcm, signal) => encode(pool, { request, pcm, signal }),
  };
}

interface Encoding {
  readonly request: EncodeRequest;
  readonly pcm: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/**
 * Sends PCM and yields what comes back, both at once. If the source of the PCM fails, its own error
 * comes out here, and never a clean end.
 */
async function* encode(pool: Pool, { request, pcm, signal }: Encoding): AsyncGenerator<Uint8Array> {
  const leaving = new AbortController();
  const source = new EncodeSource(request, pcm);
  const either = AbortSignal.any([signal, leaving.signal]);
  let done = false;
  try {
    // Read to the end, past `done`: only then can the connection serve another request.
    for await (const frame of exchange(pool, { path: '/encode', body: source, signal: either })) {
      if (frame.kind === 'bytes') yield frame.bytes;
      else done = eventOf(frame)?.type === 'done';
    }
    if (!done) throw lost();
  } catch (caught) {
    throw source.failure ?? caught;
  } finally {
    leaving.abort();
  }
}

/** The body of an encoding: what is wanted, then the PCM; it remembers why its source failed. */
class EncodeSource implements AsyncIterable<Buffer> {
  failure: ChorusError | undefined;
  readonly #request: EncodeRequest;
  readonly #pcm: AsyncIterable<Uint8Array>;

  constructor(request: EncodeRequest, pcm: AsyncIterable<Uint8Array>) {
    this.#request = request;
    this.#pcm = pcm;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    yield jsonFrame(this.#request);
    try {
      for await (const chunk of this.#pcm) yield bytesFrame(chunk);
    } catch (caught) {
      this.failure = ChorusError.from(caught);
      throw caught;
    }
  }
}

interface Exchange {
  readonly path: string;
  readonly body: Buffer | AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
}

async function* exchange(pool: Pool, { path, body, signal }: Exchange): AsyncGenerator<Frame> {
  try {
    const source = Buffer.isBuffer(body) ? body : Readable.from(body, { objectMode: false });
    const answer = await pool.request({ method: 'POST', path, body: source, signal });
    yield* readFrames(answer.body);
  } catch (caught) {
    throw transportError(caught, { signal, process: PROCESS });
  }
}

/** The event in a JSON frame; an error event is thrown. */
function eventOf(frame: Frame): MediaEvent | undefined {
  if (frame.kind !== 'json') return undefined;
  const event = frame.value as MediaEvent;
  if (event.type === 'error') throw ChorusError.fromWire(event.error);
  return event;
}

function lost(): ChorusError {
  return new ChorusError('replica_lost', `The ${PROCESS} ended in the middle of the request.`);
}
