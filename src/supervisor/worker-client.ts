import { setTimeout as delay } from 'node:timers/promises';

import type { Pool } from 'undici';

import { CALL_HEADER, REQUEST_HEADER } from '../protocol/calls.js';
import { ChorusError, type WireError } from '../protocol/errors.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { BrokenCalls } from './broken-calls.js';
import { FrameExchange } from './frame-exchange.js';
import { HarmfulCall, LostReplica } from './lost-replica.js';
import { transportError } from './transport-error.js';

/** Whom a call is for. */
export interface CallContext {
  /** Id of the client's request, for the logs. */
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Told at once when the call is broken off, with the end of what it still runs in the worker. */
  readonly onBrokenOff: (ended: Promise<void>) => void;
}

/** A worker's data socket as the router's leases use it. */
export interface WorkerClient {
  synthesize(request: SynthesisRequest, context: CallContext): AsyncIterable<SpeechEvent>;
  transcribe(request: TranscriptionRequest, context: CallContext): AsyncIterable<TranscriptEvent>;
}

/** The process at the other end of a client. */
export interface WorkerPeer {
  /** Unique for the life of the supervisor. */
  readonly name: string;
  readonly pool: Pool;
  /** Resolves once it is dead, with the calls whose steps ran then. */
  readonly runningAtDeath: Promise<ReadonlySet<string>>;
  readonly brokenCalls: BrokenCalls;
  /**
   * Told when it cannot be trusted any more: a connection broke that nobody aborted (the socket
   * learns of a dead process before its exit is seen), or its device is lost.
   */
  readonly onLost: (error: ChorusError) => void;
}

/** A process that was killed is gone in an instant, unless the kernel holds on to it. */
const DEATH_TIMEOUT_MS = 2_000;
/** A worker that never saw a call cannot say that it has ended; one that did says so long before. */
const UNSEEN_TIMEOUT_MS = 1_000;

/** Speaks to a worker over its connection pool. */
export function createWorkerClient(peer: WorkerPeer): WorkerClient {
  let calls = 0;
  const nextId = (): string => String((calls += 1));
  return {
    synthesize: (request, context) =>
      call<SpeechEvent>(peer, { id: nextId(), path: '/speech', request, context }),
    transcribe: (request, context) =>
      call<TranscriptEvent>(peer, { id: nextId(), path: '/transcription', request, context }),
  };
}

interface Call {
  readonly id: string;
  readonly path: string;
  readonly request: object;
  readonly context: CallContext;
}

/**
 * One exchange: the answer's frames as events, up to and with `done`. An `error` event is thrown;
 * an answer that ends without either means that the worker is gone.
 */
async function* call<Event extends { readonly type: string }>(
  peer: WorkerPeer,
  { id, path, request, context }: Call,
): AsyncGenerator<Event> {
  const { signal, requestId, onBrokenOff } = context;
  let done = false;
  let isOver = false;
  const breakOff = ({ hasBegun }: FrameExchange): void => {
    if (!isOver) onBrokenOff(endOf(id, peer, hasBegun));
    isOver = true;
  };
  const headers = { [CALL_HEADER]: id, [REQUEST_HEADER]: requestId };
  const body = JSON.stringify(request);
  const sent = { path, headers, body, signal, onBrokenOff: breakOff };
  const exchange = new FrameExchange(peer.pool, sent);
  try {
    for await (const frame of exchange) {
      const event = (frame.kind === 'bytes' ? { type: 'audio', pcm: frame.bytes } : frame.value) as
        | Event
        | { readonly type: 'error'; readonly error: WireError };
      // The worker itself has ended it.
      isOver ||= isError(event);
      if (isError(event)) throw ChorusError.fromWire(event.error);
      yield event;
      // Read to the end, past `done`: only then can the connection serve another request.
      if (event.type === 'done') done = true;
    }
    isOver = true;
    if (!done) throw new LostReplica('The worker ended in mid-answer.');
  } catch (caught) {
    isOver ||= caught instanceof ChorusError;
    throw await lossOf(transportError(caught, { signal, process: 'worker' }), peer, id);
  } finally {
    // The connection broke: what the worker still runs for it ends with the worker.
    breakOff(exchange);
  }
}

/** The end of what a call that was broken off still runs. */
function endOf(id: string, { brokenCalls }: WorkerPeer, wasSeen: boolean): Promise<void> {
  const ended = brokenCalls.endOf(id);
  if (wasSeen) return ended;
  return Promise.race([ended, delay(UNSEEN_TIMEOUT_MS, undefined, { ref: false })]);
}

/** Ends a worker that is lost, and finds out whether this call was being computed when it died. */
async function lossOf(failure: ChorusError, peer: WorkerPeer, id: string): Promise<ChorusError> {
  const { name, runningAtDeath, onLost } = peer;
  if (failure.code === 'device_lost') onLost(failure);
  if (failure.code === 'device_lost' || failure.code === 'replica_hung') {
    return new HarmfulCall(failure, name);
  }
  if (!(failure instanceof LostReplica)) return failure;
  onLost(failure);
  const unknown = delay(DEATH_TIMEOUT_MS, undefined, { ref: false });
  const running = await Promise.race([runningAtDeath, unknown]);
  return failure.foundDead({ incarnation: name, wasRunning: running?.has(id) ?? false });
}

function isError(event: {
  readonly type: string;
}): event is { readonly type: 'error'; readonly error: WireError } {
  return event.type === 'error';
}
