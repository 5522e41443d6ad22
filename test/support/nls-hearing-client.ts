import { expect } from 'vitest';
import type { ClientOptions, WebSocket } from 'ws';

import { eventually } from './eventually.js';
import { newNlsId, NlsClient, type NlsMessage } from './nls-client.js';

/** How a client connects. */
export interface NlsHearingClientOptions extends ClientOptions {
  readonly path?: string;
  readonly namespace?: string;
}

/** How a task has failed, and its connection. */
export interface NlsFailure {
  readonly status: number;
  readonly text: string;
  readonly taskId: string;
  readonly code: number;
}

/** A client of tasks that hear, which says what it wants in any order. */
export class NlsHearingClient {
  readonly namespace: string;
  taskId = newNlsId();
  readonly #client: NlsClient;

  private constructor(client: NlsClient, namespace: string) {
    this.#client = client;
    this.namespace = namespace;
  }

  /** Connects; `url` is that of the HTTP server. */
  static async connect(
    url: string,
    { namespace = 'SpeechTranscriber', ...options }: NlsHearingClientOptions = {},
  ): Promise<NlsHearingClient> {
    return new NlsHearingClient(await NlsClient.connect(url, options), namespace);
  }

  get webSocket(): WebSocket {
    return this.#client.webSocket;
  }

  get closed(): NlsClient['closed'] {
    return this.#client.closed;
  }

  get messages(): NlsMessage[] {
    return this.#client.messages;
  }

  get names(): string[] {
    return this.#client.names;
  }

  all(name: string): NlsMessage[] {
    return this.#client.all(name);
  }

  /** Sends a message of the task; `header` overwrites fields of its header. */
  send(name: string, payload: object = {}, header: object = {}): void {
    const { namespace, taskId } = this;
    this.#client.send(name, payload, { namespace, task_id: taskId, ...header });
  }

  text(text: string): void {
    this.#client.sendText(text);
  }

  /** Sends speech. */
  speak(bytes: Uint8Array): void {
    this.#client.sendBytes(bytes);
  }

  /** Waits until so many of a name have come, and gives the last one. */
  next(name: string, count = 1): Promise<NlsMessage> {
    return this.#client.until(name, { count });
  }

  /** Waits for the task's failure and the connection's end. */
  async failure(): Promise<NlsFailure> {
    const { code } = await this.#client.closed;
    const header = await eventually(() => {
      const [failed] = this.all('TaskFailed');
      expect(failed).toBeDefined();
      return failed?.header;
    });
    const text = String(header?.['status_text']);
    return { status: header?.status ?? 0, text, taskId: String(header?.['task_id']), code };
  }
}
