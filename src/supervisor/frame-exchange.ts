import type { Duplex, Readable } from 'node:stream';

import type { Dispatcher, Pool } from 'undici';

import { ChorusError } from '../protocol/errors.js';
import { type Frame, FrameParser } from '../protocol/frames.js';

/** Bytes of an answer that may wait for their reader before the child is held back. */
const MAX_WAITING_BYTES = 64 * 1024;

/** A request on a child's data socket. */
export interface ExchangeRequest {
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Readable;
  /** The connection itself is wanted: frames go both ways on it, in the place of an answer. */
  readonly upgrade?: {
    readonly protocol: string;
    /** Is given the connection to write to. */
    readonly onUpgrade: (socket: Duplex) => void;
  };
  readonly signal: AbortSignal;
  /** Told, before anything else, that the exchange is broken off here and not by the child. */
  readonly onBrokenOff?: (exchange: FrameExchange) => void;
}

/** What an answer can be held back and broken off with. */
type Flow = Pick<Dispatcher.DispatchController, 'pause' | 'resume' | 'abort'>;

interface Reader {
  readonly resolve: (result: IteratorResult<Frame>) => void;
  readonly reject: (error: Error) => void;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One exchange on a child's data socket: sends a request and reads the answer frame by frame, once.
 * A slow reader holds the child back; leaving the iteration and the signal break the exchange off.
 * It stands right on undici's dispatcher: its streams and their iterators would cost more than all
 * else that the supervisor does for a short answer.
 */
export class FrameExchange implements AsyncIterableIterator<Frame>, Dispatcher.DispatchHandler {
  readonly #parser = new FrameParser();
  readonly #frames: Frame[] = [];
  readonly #request: ExchangeRequest;
  /** Bytes that have come since nothing waited: a bound of what waits now. */
  #waitingBytes = 0;
  #flow: Flow | undefined;
  #reader: Reader | undefined;
  #failure: Error | undefined;
  #isOver = false;

  constructor(pool: Pool, request: ExchangeRequest) {
    this.#request = request;
    const { path, headers = {}, body = null, upgrade, signal } = request;
    if (signal.aborted) {
      this.#fail(ChorusError.ofAbort(signal));
      return;
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    pool.dispatch(
      { method: 'POST', path, headers, body, upgrade: upgrade?.protocol ?? null },
      this,
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next frame, if it is there already. */
  take(): Frame | undefined {
    const frame = this.#frames.shift();
    if (frame === undefined) return undefined;
    if (this.#frames.length === 0) this.#letGoOn();
    return frame;
  }

  /** The next frame; one call at a time. */
  next(): Promise<IteratorResult<Frame>> {
    const frame = this.take();
    if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#isOver) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** Breaks off what has not ended. */
  return(): Promise<IteratorResult<Frame>> {
    this.#breakOff(new ChorusError('canceled', 'The answer is not wanted any more.'));
    return Promise.resolve(END);
  }

  /** For undici: the request gets a connection. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#flow = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  /** For undici: the connection is ours now. */
  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    socket: Duplex,
  ): void {
    const flow: Flow = {
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      abort: () => void socket.destroy(),
    };
    this.#flow = flow;
    socket.on('data', (chunk: Buffer) => {
      try {
        this.onResponseData(flow, chunk);
      } catch (caught) {
        socket.destroy(caught as Error);
      }
    });
    socket.on('end', () => {
      this.onResponseEnd();
      socket.destroy();
    });
    socket.on('error', (error) => this.#fail(error));
    this.#request.upgrade?.onUpgrade(socket);
  }

  /** For undici: a part of the answer; what is thrown here breaks the exchange off. */
  onResponseData(flow: Flow, chunk: Buffer): void {
    if (this.#isOver) return;
    for (const frame of this.#parser.push(chunk)) this.#deliver(frame);
    if (this.#frames.length > 0) this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes > MAX_WAITING_BYTES) flow.pause();
  }

  /** For undici: the answer has ended. */
  onResponseEnd(): void {
    if (this.#isOver) return;
    if (!this.#parser.atBoundary) {
      const message = 'The connection ended in the middle of a frame.';
      this.#fail(new ChorusError('replica_lost', message));
      return;
    }
    this.#end();
    this.#reader?.resolve(END);
  }

  /** For undici: the connection broke, or was broken off. */
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => this.#breakOff(ChorusError.ofAbort(this.#request.signal));

  #deliver(frame: Frame): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) {
      reader.resolve({ done: false, value: frame });
      return;
    }
    this.#frames.push(frame);
  }

  #letGoOn(): void {
    const wasHeldBack = this.#waitingBytes > MAX_WAITING_BYTES;
    this.#waitingBytes = 0;
    if (wasHeldBack) this.#flow?.resume();
  }

  #breakOff(reason: Error): void {
    if (this.#isOver) return;
    this.#request.onBrokenOff?.(this);
    this.#fail(reason);
    this.#flow?.abort(reason);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#end();
    this.#failure = error;
    this.#frames.length = 0;
    this.#reader?.reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}
