import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { expect } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';

import { eventually } from './eventually.js';

/** A message of the server, or audio, in the order in which they came. */
export type Came =
  | {
      readonly name: string;
      readonly status: number;
      readonly statusText: string;
      readonly taskId: string;
      readonly namespace: string;
      readonly payload: Record<string, unknown>;
    }
  | { readonly bytes: Buffer };

/** A subtitle as it comes. */
export interface CameSubtitle {
  readonly text: string;
  readonly begin_time: number;
  readonly end_time: number;
  readonly begin_index: number;
  readonly end_index: number;
  readonly sentence: boolean;
}

/** How a task is begun. */
export interface Begin {
  readonly payload?: object;
  readonly namespace?: string;
  readonly taskId?: string;
}

const newId = (): string => randomUUID().replaceAll('-', '');

/** An NLS client that is nothing but a WebSocket; it has one task at a time. */
export class NlsSpeechClient {
  readonly webSocket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** What came since the task was begun. */
  came: Came[] = [];
  #task = { namespace: 'FlowingSpeechSynthesizer', taskId: newId() };

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (data, isBinary) => {
      this.came.push(isBinary ? { bytes: data as Buffer } : read((data as Buffer).toString()));
    });
    webSocket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Connects; `url` is that of the HTTP server. */
  static async connect(
    url: string,
    path = '/ws/v1/tts',
    options: ClientOptions = {},
  ): Promise<NlsSpeechClient> {
    const webSocket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, options);
    const client = new NlsSpeechClient(webSocket);
    await once(webSocket, 'open');
    return client;
  }

  begin({ payload = {}, namespace = 'FlowingSpeechSynthesizer', taskId = newId() }: Begin = {}) {
    this.came = [];
    this.#task = { namespace, taskId };
    this.send('StartSynthesis', payload);
  }

  run(text: unknown): void {
    this.send('RunSynthesis', { text });
  }

  /** As the official SDK does: without a payload. */
  stop(): void {
    this.send('StopSynthesis');
  }

  send(name: string, payload?: object): void {
    const { namespace, taskId } = this.#task;
    const header = { message_id: newId(), task_id: taskId, namespace, name };
    this.webSocket.send(JSON.stringify({ header, ...(payload && { payload }) }));
  }

  /** Names of messages in order; `audio` stands for all binary ones between two of them. */
  get names(): string[] {
    return this.came
      .map((one) => ('bytes' in one ? 'audio' : one.name))
      .filter((name, at, all) => name !== 'audio' || all[at - 1] !== 'audio');
  }

  get audio(): Buffer {
    return Buffer.concat(this.came.flatMap((one) => ('bytes' in one ? [one.bytes] : [])));
  }

  /** Messages of that name. */
  all(name: string): Exclude<Came, { readonly bytes: Buffer }>[] {
    return this.came.flatMap((one) => ('name' in one && one.name === name ? [one] : []));
  }

  subtitles(name: string): CameSubtitle[] {
    return this.all(name).flatMap(({ payload }) => payload['subtitles'] as CameSubtitle[]);
  }

  /** Waits for a message. */
  async next(name: string) {
    await eventually(() => expect(this.names).toContain(name));
    return this.all(name)[0]!;
  }

  /** Speaks a text in these pieces, and waits for the end. */
  async speak(pieces: readonly string[], payload: object = {}): Promise<Buffer> {
    this.begin({ payload });
    for (const piece of pieces) this.run(piece);
    this.stop();
    await this.next('SynthesisCompleted');
    return this.audio;
  }

  /** Speaks a whole text with a synthesizer that takes no pieces. */
  async speakWhole(text: string, payload: object = {}, namespace = 'SpeechSynthesizer') {
    this.begin({ namespace, payload: { text, ...payload } });
    await this.next('SynthesisCompleted');
    return this.audio;
  }
}

function read(text: string): Came {
  const { header, payload } = JSON.parse(text) as {
    readonly header: Record<string, string | number>;
    readonly payload: Record<string, unknown>;
  };
  return {
    name: String(header['name']),
    status: Number(header['status']),
    statusText: String(header['status_text']),
    taskId: String(header['task_id']),
    namespace: String(header['namespace']),
    payload,
  };
}
