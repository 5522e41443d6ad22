import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { expect } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';

import type { LiveEvent } from '../../src/protocol/live.js';
import type { EchoCommand } from './echo-family.js';
import { eventually } from './eventually.js';

/** One second of silence at 16 kHz. */
export const SECOND = new Uint8Array(32_000);

type Told = LiveEvent | { readonly type: 'farewell'; readonly code: string };

/** How a connection was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client of the echo family. */
export class EchoClient {
  readonly webSocket: WebSocket;
  readonly told: Told[] = [];
  readonly closed: Promise<Closed>;
  /** The server's answer to the upgrade. */
  readonly upgrade: IncomingMessage;

  private constructor(webSocket: WebSocket, upgrade: IncomingMessage) {
    this.webSocket = webSocket;
    this.upgrade = upgrade;
    webSocket.on('message', (data) => {
      this.told.push(JSON.parse((data as Buffer).toString()) as Told);
    });
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    webSocket.on('error', () => undefined);
  }

  /** Connects; `url` is that of the HTTP server, with a path. */
  static async connect(url: string, options: ClientOptions = {}): Promise<EchoClient> {
    const webSocket = new WebSocket(url.replace(/^http/, 'ws'), options);
    const upgraded = once(webSocket, 'upgrade') as Promise<[IncomingMessage]>;
    upgraded.catch(() => undefined);
    await once(webSocket, 'open');
    const [upgrade] = await upgraded;
    return new EchoClient(webSocket, upgrade);
  }

  /** Opens an utterance. */
  open(script = 'echo'): void {
    this.command({ open: script });
  }

  command(command: EchoCommand): void {
    this.webSocket.send(JSON.stringify(command));
  }

  /** Says so many seconds of nothing. */
  say(seconds = 1): void {
    for (let second = 0; second < seconds; second += 1) this.webSocket.send(SECOND);
  }

  /** Words that came so far, each as `<pid of the worker> <bytes>`. */
  get partials(): string[] {
    return this.told.flatMap((event) => (event.type === 'partial' ? [event.text] : []));
  }

  /** Waits until the worker has said all of the utterance. */
  async done(): Promise<void> {
    await eventually(() => expect(this.told.map(({ type }) => type)).toContain('done'));
  }

  /** The worker that hears a new utterance, by its process id. */
  async workerPid(): Promise<number> {
    const before = this.partials.length;
    this.open();
    this.say();
    this.command({ end: true });
    await eventually(() => expect(this.partials.length).toBeGreaterThan(before));
    return Number(this.partials.at(-1)?.split(' ')[0]);
  }

  /** Leaves without a word. */
  vanish(): void {
    this.webSocket.terminate();
  }
}

/** What an upgrade that is refused is answered with. */
export interface Refusal {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** Asks for an upgrade that is to be refused. */
export async function refusalOf(
  url: string,
  { protocols = [], ...options }: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<Refusal> {
  const webSocket = new WebSocket(url.replace(/^http/, 'ws'), protocols, options);
  webSocket.on('error', () => undefined);
  const [, answer] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(text) };
}
