import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Proxies close connections that are silent for 60 s; dead peers hold places. */
export const PING_INTERVAL_MS = 20_000;
/** A socket that is not read does not tell that its client has gone; one that is written to does. */
const PAUSED_PING_INTERVAL_MS = 40;

/** More than pings alone make of what is sent between two of them. */
const MORE_THAN_PINGS_BYTES = 64;

/**
 * Pings a client, and ends the connection when nothing at all has come back until the next ping. A
 * client that takes what it is sent lives too: Java's NLS SDK answers no pings, and says nothing for as
 * long as a text is spoken.
 */
export class Heartbeat {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout;
  #readBytesAtPing: number | undefined;
  #sentBytesAtPing = 0;
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

  /** Whether something was sent since the last ping, and nothing of it waits here any more. */
  get #takesBytes(): boolean {
    const sent = this.#socket.bytesWritten - this.#sentBytesAtPing;
    return sent > MORE_THAN_PINGS_BYTES && this.#socket.writableLength === 0;
  }

  #beat(): void {
    if (this.#socket.bytesRead === this.#readBytesAtPing && !this.#takesBytes) {
      this.#webSocket.terminate();
      return;
    }
    this.#readBytesAtPing = this.#socket.bytesRead;
    this.#sentBytesAtPing = this.#socket.bytesWritten;
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.ping();
  }
}
