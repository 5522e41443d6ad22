import { once } from 'node:events';
import type { Socket } from 'node:net';

import { WebSocket } from 'ws';

import { captureSocket } from './captured-socket.js';
import { MASKED_FRAME, MESSAGES_PER_ANSWER, type Speaker } from './load.js';

/** One stream: speaks when it is told to, and notes how long answers take. */
export class LiveSpeaker implements Speaker {
  readonly #socket: Socket;
  readonly #webSocket: WebSocket;
  readonly #latenciesMs: number[] = [];
  #sent = 0;
  #completedAtMs: number[] = [];
  #answers = 0;
  /** Why the connection ended, if it did. */
  ended: string | undefined;

  private constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on('message', (data) => this.#hear((data as Buffer).toString()));
    webSocket.on('close', (code, reason) => (this.ended = `${code} ${reason.toString()}`));
  }

  /** Connects and opens an utterance that stays open. */
  static async connect(url: string): Promise<LiveSpeaker> {
    const { options, socket } = captureSocket();
    const address = `${url.replace(/^http/, 'ws')}/echo/now`;
    const webSocket = new WebSocket(address, options);
    await once(webSocket, 'open');
    const speaker = new LiveSpeaker(webSocket, socket());
    webSocket.send(JSON.stringify({ open: 'quiet' }));
    return speaker;
  }

  /** How long each answer took that came since this was asked last. */
  takeLatenciesMs(): number[] {
    return this.#latenciesMs.splice(0);
  }

  /** Messages sent that should have been answered and were not. */
  get owedAnswers(): number {
    return Math.floor(this.#sent / MESSAGES_PER_ANSWER) - this.#answers;
  }

  /** Sends one message. */
  speak(): void {
    this.#sent += 1;
    if (this.#sent % MESSAGES_PER_ANSWER === 0) this.#completedAtMs.push(performance.now());
    this.#socket.write(MASKED_FRAME);
  }

  close(): void {
    this.#webSocket.terminate();
  }

  #hear(text: string): void {
    const { type } = JSON.parse(text) as { readonly type: string };
    if (type !== 'partial') return;
    this.#answers += 1;
    const sinceMs = this.#completedAtMs.shift();
    if (sinceMs !== undefined) this.#latenciesMs.push(performance.now() - sinceMs);
  }
}
