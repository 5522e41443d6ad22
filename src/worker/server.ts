import { createServer, type IncomingMessage, type Server } from 'node:http';

import { CALL_HEADER, REQUEST_HEADER, TRACE_HEADER } from '../protocol/calls.js';
import { ChorusError } from '../protocol/errors.js';
import type { LiveEvent } from '../protocol/live.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import { writeEvents } from './event-stream.js';
import type { Answer } from './frame-writer.js';
import type { Call, HostedModel } from './hosted-model.js';
import { acceptLiveCall, type LiveCall } from './live.js';
import { asAsked } from './speech-samples.js';
import { noWork } from './step-work.js';
import { ToldSteps } from './told-steps.js';

/** A request's text is bounded at the door; this bounds the body that carries it. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What a log line says of a call that failed. */
export interface FailedCall {
  /** Id of the client's request. */
  readonly requestId: string;
  readonly model: string | undefined;
}

/** What the server serves from. */
export interface WorkerServerOptions {
  readonly models: ReadonlyMap<string, HostedModel>;
  readonly onFailure: (error: ChorusError, call: FailedCall) => void;
}

type Start = (
  model: HostedModel,
  body: unknown,
  call: Call,
) => AsyncIterable<SpeechEvent | TranscriptEvent>;

/** The paths of the data socket; both bodies come from the supervisor, which has checked them. */
const ROUTES: Readonly<Record<string, Start>> = {
  '/speech': (model, body, call) => {
    const request = body as SynthesisRequest;
    return asAsked(request, model.synthesize(request, call));
  },
  '/transcription': (model, body, call) => model.transcribe(body as TranscriptionRequest, call),
};

/** A call in progress. */
interface OpenCall extends Call {
  readonly abort: AbortController;
  readonly requestId: string;
  /** Known once the request is read. */
  model?: string;
  /** Told when it has been answered, or given up. */
  onEnd?: () => void;
}

/** Reads what is asked for, and starts it. */
type Begin = (call: OpenCall) => Promise<AsyncIterable<SpeechEvent | TranscriptEvent | LiveEvent>>;

/** A worker's data socket. */
export class WorkerServer {
  readonly server: Server;
  readonly #options: WorkerServerOptions;
  readonly #open = new Set<OpenCall>();
  #served = 0;
  #refusal: ChorusError | undefined;

  constructor(options: WorkerServerOptions) {
    this.#options = options;
    // Only the supervisor closes idle connections: a close from here could meet a new request.
    this.server = createServer(
      { noDelay: true, requestTimeout: 0, keepAliveTimeout: 0 },
      (request, response) => {
        // One reader knows all of this already, and every header costs it time.
        response.sendDate = false;
        const path = request.url ?? '';
        void this.#answer(request, response, async (call) =>
          this.#start(path, await readJson(request), call),
        );
      },
    );
    this.server.on('upgrade', (request, socket) => {
      void this.#answer(request, socket, async (call) =>
        this.#listen(await acceptLiveCall(socket), call),
      );
    });
  }

  /** Requests that are worked on. */
  get openRequests(): number {
    return this.#open.size;
  }

  /** Requests that have ended. */
  get servedRequests(): number {
    return this.#served;
  }

  /** Ends calls with an error, as far as their running steps can be given up. */
  cancel(ids: readonly string[], error: ChorusError): void {
    for (const call of this.#open) if (ids.includes(call.id)) call.abort.abort(error);
  }

  /** Resolves when a call runs no step any more; at once if it is unknown, or no longer known. */
  async ended(id: string): Promise<void> {
    const call = [...this.#open].find((one) => one.id === id);
    if (!call) return;
    await new Promise<void>((resolve) => {
      call.onEnd = resolve;
    });
    await Promise.allSettled(call.steps);
  }

  /** Answers everything that comes from now on with the error, and computes nothing for it. */
  refuse(error: ChorusError): void {
    this.#refusal ??= error;
  }

  /** Takes nothing new and resolves when what runs has ended. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
      // To Node a connection that has had no request yet is not idle.
      if (this.#open.size === 0) this.server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, answer: Answer, begin: Begin): Promise<void> {
    const abort = new AbortController();
    const call: OpenCall = {
      id: headerOf(request, CALL_HEADER),
      requestId: headerOf(request, REQUEST_HEADER),
      abort,
      signal: abort.signal,
      steps: new Set(),
      work: noWork(),
      told: headerOf(request, TRACE_HEADER) === '' ? undefined : new ToldSteps(),
    };
    const onFailure = (error: ChorusError): void => {
      const { requestId, model } = call;
      this.#options.onFailure(error, { requestId, model });
    };
    answer.on('close', () => abort.abort());
    this.#open.add(call);
    try {
      const events = await begin(call);
      await writeEvents(call.told?.among(events) ?? events, answer, {
        signal: abort.signal,
        work: call.work,
        onFailure,
      });
    } catch (caught) {
      // Only a broken connection gets here: what engines throw is an event.
      onFailure(ChorusError.from(caught));
      answer.destroy();
    } finally {
      this.#open.delete(call);
      this.#served += 1;
      call.onEnd?.();
    }
  }

  async *#start(
    path: string,
    body: unknown,
    call: OpenCall,
  ): AsyncGenerator<SpeechEvent | TranscriptEvent> {
    const start = ROUTES[path];
    if (!start) throw new ChorusError('route_not_found', `A worker has no path ${path}.`);
    const { model = '' } = body as { readonly model?: string };
    yield* start(this.#modelFor(call, model), body, call);
  }

  async *#listen(live: LiveCall, call: OpenCall): AsyncGenerator<LiveEvent> {
    try {
      yield* this.#modelFor(call, live.request.model).listen(live, call);
    } finally {
      live.audio.close();
    }
  }

  #modelFor(call: OpenCall, id: string): HostedModel {
    if (this.#refusal) throw this.#refusal;
    call.model = id;
    const model = this.#options.models.get(id);
    if (!model) throw new ChorusError('unavailable', `Model ${id} is not loaded on this worker.`);
    return model;
  }
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ChorusError('internal', 'The request body is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
