import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ChorusError } from '../../protocol/errors.js';
import type { Service } from '../../protocol/requests.js';
import type { Span } from '../../protocol/trace.js';
import type { Router, Stream } from '../../routing/router.js';
import type { RequestMetrics } from '../../telemetry/metrics/request-metrics.js';
import type { Claim, DoorState } from '../context.js';
import { CLOSE_CODE, closeCodeOf } from './close-codes.js';
import type { SocketHandlers, StreamDemand, UpgradeRequest } from './family.js';
import { Heartbeat } from './heartbeat.js';

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly request: UpgradeRequest;
  readonly state: DoorState;
  readonly router: Router;
  readonly metrics: RequestMetrics;
  readonly pingIntervalMs: number;
}

/** An open WebSocket, as the families see it: messages, placed streams and one end for all of it. */
export class Connection {
  readonly request: UpgradeRequest;
  readonly metrics: RequestMetrics;
  /** Resolves with the close code when the connection has ended; 1006 if nobody said why. */
  readonly closed: Promise<number>;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #state: DoorState;
  readonly #router: Router;
  readonly #streams = new Set<Stream>();
  /** Of them, those that `placeOnce` gives out. */
  readonly #placed = new Map<Service, Stream>();
  readonly #heartbeat: Heartbeat;
  #handlers: SocketHandlers = {};

  constructor(options: ConnectionOptions) {
    const { webSocket, socket, request, state, router, pingIntervalMs } = options;
    this.request = request;
    this.metrics = options.metrics;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#state = state;
    this.#router = router;
    this.#heartbeat = new Heartbeat(webSocket, socket, pingIntervalMs);
    this.closed = new Promise((resolve) => {
      webSocket.once('close', (code) => {
        this.#end(code);
        resolve(code);
      });
    });
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    // A breach of the protocol; ws itself closes for it.
    webSocket.on('error', () => (state.facts.outcome = 'invalid_value'));
    this.signal.addEventListener('abort', () => this.fail(ChorusError.ofAbort(this.signal)));
  }

  /** Id of the upgrade's request, for the logs. */
  get requestId(): string {
    return this.#state.requestId;
  }

  /** Who asks, and how urgently. */
  get claim(): Claim {
    return this.#state.claim;
  }

  /** The upgrade's span, which has ended; utterances have traces of their own. */
  get trace(): Span {
    return this.#state.trace;
  }

  /** Aborts when the connection ends, from whichever side; the reason is a ChorusError. */
  get signal(): AbortSignal {
    return this.#state.signal;
  }

  /** Says what becomes of the messages. */
  handle(handlers: SocketHandlers): void {
    this.#handlers = handlers;
  }

  /** Sends a message: text, or bytes. Whoever sends much waits for {@link Connection.drained}. */
  send(message: string | Uint8Array): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.send(message);
  }

  /** Something to wait for before the next message if the client is slower than we are. */
  drained(): Promise<unknown> | undefined {
    if (!this.#socket.writableNeedDrain || this.signal.aborted) return undefined;
    return once(this.#socket, 'drain', { signal: this.signal });
  }

  /** Reads nothing until `resume()`: what the client sends stays with the client. */
  pause(): void {
    if (this.#webSocket.isPaused || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#webSocket.pause();
    this.#heartbeat.pause();
  }

  /** Reads on. */
  resume(): void {
    if (!this.#webSocket.isPaused) return;
    this.#webSocket.resume();
    this.#heartbeat.resume();
  }

  /**
   * Places the connection on a worker, for life. When that worker is lost the connection is closed.
   * @throws ChorusError as {@link Router.openStream} does.
   */
  place(demand: StreamDemand): Stream {
    if (this.signal.aborted) throw ChorusError.ofAbort(this.signal);
    this.#state.facts.task = demand.service;
    return this.adopt(placeStream(this.#router, this.claim, demand));
  }

  /**
   * The connection's stream for a service: the one that it has, if that is for the same model; else a
   * new one takes its place.
   * @throws ChorusError as {@link Router.openStream} does.
   */
  placeOnce(demand: StreamDemand): Stream {
    const placed = this.#placed.get(demand.service);
    if (placed?.model === demand.model) return placed;
    const stream = this.place(demand);
    if (placed) this.#streams.delete(placed);
    placed?.close();
    this.#placed.set(demand.service, stream);
    return stream;
  }

  /** Takes over a stream that was placed for this connection before it was open. */
  adopt(stream: Stream): Stream {
    this.#streams.add(stream);
    const { workerId, model } = stream;
    Object.assign(this.#state.facts, { workerId, model });
    const lost = (): void => this.fail(ChorusError.ofAbort(stream.lost));
    if (stream.lost.aborted) lost();
    else stream.lost.addEventListener('abort', lost, { once: true });
    return stream;
  }

  /** The stream that the connection was placed with at its upgrade, if it was. */
  get stream(): Stream | undefined {
    const [first] = this.#streams;
    return first;
  }

  /** Closes the connection: all is said. */
  close(): void {
    this.#webSocket.close(CLOSE_CODE.normal);
  }

  /** Closes the connection for a failure, and ends all that is done for it; the first one counts. */
  fail(caught: unknown): void {
    const error = ChorusError.from(caught);
    if (this.#webSocket.readyState === this.#webSocket.OPEN) {
      this.#state.facts.outcome = error.code;
      // Unread close frames of the client must not hold up the end.
      this.resume();
      const farewell = this.#handlers.farewell?.(error);
      if (farewell !== undefined) this.send(farewell);
      this.#webSocket.close(closeCodeOf(error), error.code);
    }
    this.#state.lifetime.abort(error);
  }

  /** Ends the connection without ceremony. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // What comes after our close frame is nobody's any more.
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    try {
      if (isBinary) this.#handlers.onBytes?.(data);
      else this.#handlers.onText?.(data.toString('utf8'));
    } catch (caught) {
      this.fail(caught);
    }
  }

  #end(code: number): void {
    this.#heartbeat.stop();
    for (const stream of this.#streams) stream.close();
    const { facts, lifetime } = this.#state;
    if (code === 1006 && facts.outcome === 'ok') facts.outcome = 'canceled';
    lifetime.abort(new ChorusError('canceled', 'The client closed the connection.'));
  }
}

/**
 * Places a stream for whoever claims it; its deadline bounds the connection, not the placing.
 * @throws ChorusError as {@link Router.openStream} does.
 */
export function placeStream(router: Router, claim: Claim, demand: StreamDemand): Stream {
  const { deadlineAtMs: _, trace: _upgrade, ...whose } = claim;
  return router.openStream({ ...whose, ...demand });
}
