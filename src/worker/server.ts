import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ChorusError } from '../protocol/errors.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import { writeEvents, type ReportFailure } from './event-stream.js';
import type { HostedModel } from './hosted-model.js';

/** A request's text is bounded at the door; this bounds the body that carries it. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What the server serves from. */
export interface WorkerServerOptions {
  readonly models: ReadonlyMap<string, HostedModel>;
  readonly onFailure: ReportFailure;
}

type Start = (
  model: HostedModel,
  body: unknown,
  signal: AbortSignal,
) => AsyncIterable<SpeechEvent | TranscriptEvent>;

/** The paths of the data socket; both bodies come from the supervisor, which has checked them. */
const ROUTES: Readonly<Record<string, Start>> = {
  '/speech': (model, body, signal) => model.synthesize(body as SynthesisRequest, signal),
  '/transcription': (model, body, signal) => model.transcribe(body as TranscriptionRequest, signal),
};

/** A worker's data socket. `openRequests` counts the requests that are worked on. */
export class WorkerServer {
  readonly server: Server;
  openRequests = 0;
  readonly #options: WorkerServerOptions;

  constructor(options: WorkerServerOptions) {
    this.#options = options;
    // Only the supervisor closes idle connections: a close from here could meet a new request.
    this.server = createServer(
      { noDelay: true, requestTimeout: 0, keepAliveTimeout: 0 },
      (request, response) => {
        void this.#answer(request, response);
      },
    );
  }

  /** Takes nothing new and resolves when what runs has ended. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    response.on('close', () => abort.abort());
    this.openRequests += 1;
    try {
      const events = this.#start(request.url ?? '', await readJson(request), abort.signal);
      const { onFailure } = this.#options;
      await writeEvents(events, response, { signal: abort.signal, onFailure });
    } catch (caught) {
      // Only a broken connection gets here: what engines throw is an event.
      this.#options.onFailure(ChorusError.from(caught));
      response.destroy();
    } finally {
      this.openRequests -= 1;
    }
  }

  async *#start(
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<SpeechEvent | TranscriptEvent> {
    const start = ROUTES[path];
    if (!start) throw new ChorusError('route_not_found', `A worker has no path ${path}.`);
    const id = (body as { readonly model?: string }).model ?? '';
    const model = this.#options.models.get(id);
    if (!model) throw new ChorusError('unavailable', `Model ${id} is not loaded on this worker.`);
    yield* start(model, body, signal);
  }
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
