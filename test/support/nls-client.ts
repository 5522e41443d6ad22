import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

import { WebSocket, type ClientOptions } from 'ws';

/** A message of the server, and when it came on the clock of this process. */
export interface NlsMessage {
  readonly type: 'message';
  /** `header.name`. */
  readonly name: string;
  readonly header: Readonly<Record<string, unknown>> & { readonly status: number };
  readonly payload: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** Binary audio of the server, and when it came. */
export interface NlsAudio {
  readonly type: 'audio';
  readonly bytes: Buffer;
  readonly atMs: number;
}

/** What a client of the NLS protocol is told, in the order in which it comes. */
export type NlsEvent = NlsMessage | NlsAudio;

/** Where and as whom a client connects. */
export interface NlsConnectOptions extends ClientOptions {
  /** Path and query; by default `/ws/v1`. */
  readonly path?: string;
  /** Sent in the header of each message if it is given. */
  readonly appkey?: string;
}

/** What is waited for. */
export interface NlsWaitOptions {
  /** The first message of that name if it is not given. */
  readonly count?: number;
  /** Ends the waiting: it rejects. */
  readonly signal?: AbortSignal;
}

/** The message that starts a task of each namespace. */
const START_NAMES: Readonly<Record<string, string>> = {
  SpeechTranscriber: 'StartTranscription',
  SpeechRecognizer: 'StartRecognition',
  FlowingSpeechSynthesizer: 'StartSynthesis',
  SpeechSynthesizer: 'StartSynthesis',
  SpeechLongSynthesizer: 'StartSynthesis',
};

/** A client of the NLS protocol that is nothing but a WebSocket. It needs no test runner. */
export class NlsClient {
  readonly webSocket: WebSocket;
  /** All that came so far. */
  readonly events: NlsEvent[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #appkey: string | undefined;
  readonly #changes = new EventEmitter<{ change: [] }>();
  #task = { namespace: '', taskId: newNlsId() };
  #hasEnded = false;

  private constructor(webSocket: WebSocket, appkey: string | undefined) {
    this.webSocket = webSocket;
    this.#appkey = appkey;
    this.#changes.setMaxListeners(0);
    webSocket.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary));
    webSocket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => {
        this.#hasEnded = true;
        this.#changes.emit('change');
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /**
   * Connects; `url` is that of the HTTP server.
   * @throws Error if the upgrade is refused.
   */
  static async connect(url: string, options: NlsConnectOptions = {}): Promise<NlsClient> {
    const { path = '/ws/v1', appkey, ...rest } = options;
    const webSocket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, rest);
    const client = new NlsClient(webSocket, appkey);
    await once(webSocket, 'open');
    return client;
  }

  /** Id of the newest task. */
  get taskId(): string {
    return this.#task.taskId;
  }

  /** Begins a task: all later messages are this task's. Gives its id. */
  start(namespace: string, payload: object = {}, taskId = newNlsId()): string {
    this.#task = { namespace, taskId };
    this.send(START_NAMES[namespace] ?? 'Start', payload);
    return taskId;
  }

  /** Sends a message of the newest task; `header` overwrites single fields of its header. */
  send(name: string, payload?: object, header: object = {}): void {
    const { namespace, taskId } = this.#task;
    const appkey = this.#appkey === undefined ? {} : { appkey: this.#appkey };
    const message_id = newNlsId();
    const whole = { message_id, task_id: taskId, namespace, name, ...appkey, ...header };
    this.sendText(JSON.stringify({ header: whole, ...(payload && { payload }) }));
  }

  /** Sends any text as it is. */
  sendText(text: string): void {
    this.webSocket.send(text);
  }

  /** Sends a binary message. */
  sendBytes(bytes: Uint8Array): void {
    this.webSocket.send(bytes);
  }

  /** Hangs up without ceremony. */
  drop(): void {
    this.webSocket.terminate();
  }

  /** Messages so far. */
  get messages(): NlsMessage[] {
    return this.events.filter((event) => event.type === 'message');
  }

  /** Names of the messages so far. */
  get names(): string[] {
    return this.messages.map(({ name }) => name);
  }

  /** Messages of one name so far. */
  all(name: string): NlsMessage[] {
    return this.messages.filter((message) => message.name === name);
  }

  /** All audio so far. */
  get audio(): Buffer {
    return Buffer.concat(
      this.events.flatMap((event) => (event.type === 'audio' ? event.bytes : [])),
    );
  }

  /** All events from the first one on, as they come; ends when the connection has ended. */
  async *arrivals(signal?: AbortSignal): AsyncGenerator<NlsEvent> {
    for (let at = 0; ; at += 1) {
      while (at >= this.events.length) {
        if (this.#hasEnded) return;
        await once(this.#changes, 'change', signal && { signal });
      }
      const event = this.events[at];
      if (event) yield event;
    }
  }

  /**
   * Waits for a message; one that has come already counts.
   * @throws Error if the task fails, or the connection ends, before it comes.
   */
  async until(name: string, { count = 1, signal }: NlsWaitOptions = {}): Promise<NlsMessage> {
    let missing = count;
    for await (const event of this.arrivals(signal)) {
      if (event.type === 'audio') continue;
      if (event.name === name) missing -= 1;
      if (missing === 0) return event;
      if (event.name === 'TaskFailed') throw taskFailed(event);
    }
    throw new Error(`The connection ended before ${name} came; came: ${this.names.join(', ')}.`);
  }

  #take(data: Buffer, isBinary: boolean): void {
    const atMs = performance.now();
    this.events.push(isBinary ? { type: 'audio', bytes: data, atMs } : readMessage(data, atMs));
    this.#changes.emit('change');
  }
}

/** Makes an id as the protocol has them: 32 hex digits. */
export function newNlsId(): string {
  return randomUUID().replaceAll('-', '');
}

function readMessage(data: Buffer, atMs: number): NlsMessage {
  const { header, payload } = JSON.parse(data.toString()) as {
    readonly header: NlsMessage['header'] & { readonly name: string };
    readonly payload?: NlsMessage['payload'];
  };
  return { type: 'message', name: header.name, header, payload: payload ?? {}, atMs };
}

function taskFailed({ header }: NlsMessage): Error {
  return new Error(`TaskFailed ${header.status}: ${String(header['status_text'])}`);
}
