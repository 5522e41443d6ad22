import { setTimeout as delay } from 'node:timers/promises';

import type { Pool } from 'undici';

import { CALL_HEADER, REQUEST_HEADER, type StepsTold, TRACE_HEADER } from '../protocol/calls.js';
import { ChorusError, type WireError } from '../protocol/errors.js';
import type { LiveAudio } from '../protocol/live-audio.js';
import {
  LIVE_PROTOCOL,
  type LiveEvent,
  type LiveRequest,
  type LiveTaken,
} from '../protocol/live.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { Span } from '../protocol/trace.js';
import type { BrokenCalls } from './broken-calls.js';
import type { Frame } from '../protocol/frames.js';
import { type ExchangeRequest, FrameExchange } from './frame-exchange.js';
import { listen } from './live-client.js';
import { HarmfulCall, LostReplica } from './lost-replica.js';
import { transportError } from './transport-error.js';

/** Whom a call is for. */
export interface CallContext {
  /** Id of the client's request, for the logs. */
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** The call's way to the worker and back; it ends with the call. */
  readonly span: Span;
  /** Told at once when the call is broken off, with the end of what it still runs in the worker. */
  readonly onBrokenOff: (ended: Promise<void>) => void;
}

/** A worker's data socket as the router's leases use it. */
export interface WorkerClient {
  synthesize(request: SynthesisRequest, context: CallContext): AsyncIterable<SpeechEvent>;
  transcribe(request: TranscriptionRequest, context: CallContext): AsyncIterable<TranscriptEvent>;
  /** Hears an utterance while it is spoken; `audio` is taken as the worker takes it. */
  listen(request: LiveRequest, audio: LiveAudio, context: CallContext): AsyncIterable<LiveEvent>;
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

/** Speaks to a worker over its connection pool. */
export function createWorkerClient(peer: WorkerPeer): WorkerClient {
  let calls = 0;
  const nextId = (): string => String((calls += 1));
  return {
    synthesize: (request, context) =>
      new Call<SpeechEvent>(peer, {
        id: nextId(),
        path: '/speech',
        body: JSON.stringify(request),
        context,
      }),
    transcribe: (request, context) =>
      new Call<TranscriptEvent>(peer, {
        id: nextId(),
        path: '/transcription',
        body: JSON.stringify(request),
        context,
      }),
    listen: (request, audio, context) =>
      listen({ request, audio, signal: context.signal }, (onUpgrade, signal) => {
        const upgrade = { protocol: LIVE_PROTOCOL, onUpgrade };
        const live = { path: '/live', upgrade, context: { ...context, signal } };
        return new Call<LiveEvent | LiveTaken>(peer, { id: nextId(), ...live });
      }),
  };
}

interface CallOptions extends Pick<ExchangeRequest, 'path' | 'body' | 'upgrade'> {
  readonly id: string;
  readonly context: CallContext;
}

/**
 * One exchange: the answer's frames as events, up to and with `done`. An `error` event is thrown;
 * an answer that ends without either means that the worker is gone. Read it to the end, past `done`:
 * only then can the connection serve another request.
 */
class Call<Event extends { readonly type: string }> implements AsyncIterableIterator<Event> {
  readonly #peer: WorkerPeer;
  readonly #call: CallOptions;
  readonly #exchange: FrameExchange;
  #isDone = false;
  #isOver = false;

  constructor(peer: WorkerPeer, call: CallOptions) {
    this.#peer = peer;
    this.#call = call;
    const { id, context, ...request } = call;
    this.#exchange = new FrameExchange(peer.pool, {
      ...request,
      headers: headersOf(id, context),
      signal: context.signal,
      onBrokenOff: () => this.#breakOff(),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Event>> {
    try {
      const value = await this.#nextEvent();
      if (value !== undefined) return { done: false, value };
      this.#isOver = true;
      if (!this.#isDone) throw new LostReplica('The worker ended in mid-answer.');
      return { done: true, value: undefined };
    } catch (caught) {
      throw await this.#failed(caught);
    }
  }

  async return(): Promise<IteratorResult<Event>> {
    this.#call.context.span.end('canceled');
    await this.#exchange.return();
    return { done: true, value: undefined };
  }

  /** @returns undefined at the end of the answer. */
  async #nextEvent(): Promise<Event | undefined> {
    for (;;) {
      const frame = this.#exchange.take() ?? (await this.#exchange.next()).value;
      const event = frame && this.#eventOf(frame);
      if (event !== undefined || frame === undefined) return event;
    }
  }

  /** @returns undefined for what is not the reader's business. */
  #eventOf(frame: Frame): Event | undefined {
    const event = (frame.kind === 'bytes' ? { type: 'audio', pcm: frame.bytes } : frame.value) as
      | Event
      | StepsTold
      | { readonly type: 'error'; readonly error: WireError };
    if (isError(event)) throw ChorusError.fromWire(event.error);
    const { span } = this.#call.context;
    if (isSteps(event)) {
      for (const step of event.steps) span.addStep(step);
      return undefined;
    }
    if (event.type === 'done') {
      this.#isDone = true;
      span.end('ok');
    }
    return event;
  }

  async #failed(caught: unknown): Promise<ChorusError> {
    // What the other side has told us has ended there; what broke runs on until its worker ends.
    this.#isOver ||= caught instanceof ChorusError;
    this.#breakOff();
    await this.#exchange.return();
    const { id, context } = this.#call;
    const failure = transportError(caught, { signal: context.signal, process: 'worker' });
    context.span.end(failure.code);
    return lossOf(failure, this.#peer, id);
  }

  /** Tells of a call whose steps may still run in the worker. */
  #breakOff(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { id, context } = this.#call;
    context.onBrokenOff(this.#peer.brokenCalls.endOf(id));
  }
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

function isSteps(event: { readonly type: string }): event is StepsTold {
  return event.type === 'steps';
}

function headersOf(id: string, { requestId, span }: CallContext): Record<string, string> {
  const headers = { [CALL_HEADER]: id, [REQUEST_HEADER]: requestId };
  const { traceparent } = span;
  return traceparent === undefined ? headers : { ...headers, [TRACE_HEADER]: traceparent };
}
