import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Proxies close connections that are silent for 60 s; dead peers hold places. */
export const PING_INTERVAL_MS = 20_000;
/** A socket that is not read does not tell that its client has gone; one that is written to does. */
const PAUSED_PING_INTERVAL_MS = 40;

/** Pings a client, and ends the connection when nothing at all has come back until the next ping. */
export class Heartbeat {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout;
  #readBytesAtPing: number | undefined;
  #isStopped = false;

  constructor(webSocket: WebSocket, socket: Socket, intervalMs: number) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#intervalMs = intervalMs;
    this.#timer = setInterval(() => this.#beat(), intervalMs);
  }

  /** The socket is not read for a while: no answers can be expected. */
  pause(): void {
    if (this.#isStopped) return;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#webSocket.ping(), PAUSED_PING_INTERVAL_MS);
  }

  /** The socket is read again. */
  resume(): void {
    if (this.#isStopped) return;
    clearInterval(this.#timer);
    this.#readBytesAtPing = undefined;
    this.#timer = setInterval(() => this.#beat(), this.#intervalMs);
  }

  /** Ends it for good: whoever pauses or resumes a connection that has ended starts nothing. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.#socket.bytesRead === this.#readBytesAtPing) {
      this.#webSocket.terminate();
      return;
    }
    this.#readBytesAtPing = this.#socket.bytesRead;
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.ping();
  }
}
