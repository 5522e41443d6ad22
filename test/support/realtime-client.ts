import { once } from 'node:events';

import { expect } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';

import { eventually } from './eventually.js';

/** A server event, as it comes. */
export interface RealtimeEvent {
  readonly type: string;
  readonly event_id: string;
  readonly [field: string]: unknown;
}

/** A client of the Realtime API that is nothing but a WebSocket. */
export class RealtimeClient {
  readonly webSocket: WebSocket;
  readonly events: RealtimeEvent[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (data) => {
      this.events.push(JSON.parse((data as Buffer).toString()) as RealtimeEvent);
    });
    webSocket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Connects to `/v1/realtime` with that query; `url` is that of the HTTP server. */
  static async connect(
    url: string,
    query = '?intent=transcription',
    options: ClientOptions & { readonly protocols?: readonly string[] } = {},
  ): Promise<RealtimeClient> {
    const address = `${url.replace(/^http/, 'ws')}/v1/realtime${query}`;
    const { protocols = [], ...rest } = options;
    const webSocket = new WebSocket(address, [...protocols], rest);
    const client = new RealtimeClient(webSocket);
    await once(webSocket, 'open');
    return client;
  }

  /** Sends an event, or any text. */
  send(event: object | string): void {
    this.webSocket.send(typeof event === 'string' ? event : JSON.stringify(event));
  }

  update(session: object, rest: object = {}): void {
    this.send({ type: 'session.update', session, ...rest });
  }

  append(bytes: Uint8Array): void {
    const audio = Buffer.from(bytes).toString('base64');
    this.send({ type: 'input_audio_buffer.append', audio });
  }

  commit(): void {
    this.send({ type: 'input_audio_buffer.commit' });
  }

  clear(): void {
    this.send({ type: 'input_audio_buffer.clear' });
  }

  /** Types so far. */
  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  all(type: string): RealtimeEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** Waits until so many of a type have come, and gives the last one. */
  async next(type: string, count = 1): Promise<RealtimeEvent> {
    await eventually(() => expect(this.all(type).length).toBeGreaterThanOrEqual(count));
    return this.all(type)[count - 1]!;
  }

  /** The error object of the newest error, once there are so many. */
  async error(count = 1): Promise<Record<string, unknown>> {
    return (await this.next('error', count))['error'] as Record<string, unknown>;
  }
}

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';
export const DELTA = `${TRANSCRIPTION}.delta`;
export const COMPLETED = `${TRANSCRIPTION}.completed`;
export const FAILED = `${TRANSCRIPTION}.failed`;
