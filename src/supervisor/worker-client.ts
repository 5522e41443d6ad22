import type { Pool } from 'undici';

import { ChorusError, type WireError } from '../protocol/errors.js';
import { readFrames } from '../protocol/frames.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import { transportError } from './transport-error.js';

/** A worker's data socket as the router's leases use it. */
export interface WorkerClient {
  synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<SpeechEvent>;
  transcribe(request: TranscriptionRequest, signal: AbortSignal): AsyncIterable<TranscriptEvent>;
}

/**
 * Speaks to a worker over its connection pool.
 * @param onLost Told when a connection breaks that nobody aborted: the socket learns of a dead
 * process before its exit is seen, and nothing more may be sent there.
 */
export function createWorkerClient(pool: Pool, onLost: () => void): WorkerClient {
  return {
    synthesize: (request, signal) =>
      call<SpeechEvent>(pool, { path: '/speech', request, signal, onLost }),
    transcribe: (request, signal) =>
      call<TranscriptEvent>(pool, { path: '/transcription', request, signal, onLost }),
  };
}

interface Call {
  readonly path: string;
  readonly request: object;
  readonly signal: AbortSignal;
  readonly onLost: () => void;
}

/**
 * One exchange: the answer's frames as events, up to and with `done`. An `error` event is thrown;
 * an answer that ends without either means that the worker is gone.
 */
async function* call<Event extends { readonly type: string }>(
  pool: Pool,
  { path, request, signal, onLost }: Call,
): AsyncGenerator<Event> {
  let done = false;
  try {
    const body = JSON.stringify(request);
    const answer = await pool.request({ method: 'POST', path, body, signal });
    for await (const frame of readFrames(answer.body)) {
      const event = (frame.kind === 'bytes' ? { type: 'audio', pcm: frame.bytes } : frame.value) as
        | Event
        | { readonly type: 'error'; readonly error: WireError };
      if (isError(event)) throw ChorusError.fromWire(event.error);
      yield event;
      // Read to the end, past `done`: only then can the connection serve another request.
      if (event.type === 'done') done = true;
    }
    if (!done) throw new ChorusError('replica_lost', 'The worker ended in mid-answer.');
  } catch (caught) {
    const error = transportError(caught, { signal, process: 'worker' });
    if (error.code === 'replica_lost') onLost();
    throw error;
  }
}

function isError(event: {
  readonly type: string;
}): event is { readonly type: 'error'; readonly error: WireError } {
  return event.type === 'error';
}
