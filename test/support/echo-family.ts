import type { ChorusError } from '../../src/protocol/errors.js';
import type { Stream } from '../../src/routing/router.js';
import type { Connection } from '../../src/http/ws/connection.js';
import type { SocketHandlers, WebSocketFamily } from '../../src/http/ws/family.js';
import { Utterance } from '../../src/http/ws/utterance.js';

/** What a client of the echo family sends as text. */
export type EchoCommand =
  /** Opens an utterance; the script is for test/workers/live-engine.ts. */
  | { readonly open: string }
  | { readonly end: true }
  | { readonly close: true }
  | { readonly throw: true };

const LIVE = { service: 'asr', model: 'live' } as const;

/**
 * A small protocol for tests and benches: binary messages are speech, every event of the worker is a
 * text message. At `/echo/now` a connection is placed before the upgrade, at `/echo/later` with its
 * first utterance.
 */
export const echoFamily: WebSocketFamily = {
  paths: ['/echo/now', '/echo/later'],
  subprotocols: ['echo'],
  errorBody: ({ code, message }: ChorusError) => ({ echo: code, message }),
  handshake: async ({ path }) => (path === '/echo/now' ? LIVE : undefined),
  open: (connection) => new EchoSession(connection),
};

class EchoSession implements SocketHandlers {
  readonly #connection: Connection;
  #stream: Stream | undefined;
  #utterance: Utterance | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#stream = connection.stream;
  }

  onText(text: string): void {
    const command = JSON.parse(text) as EchoCommand;
    if ('open' in command) this.#open(command.open);
    else if ('end' in command) this.#utterance?.end();
    else if ('close' in command) this.#connection.close();
    else throw new Error('as the client wishes');
  }

  onBytes(pcm: Uint8Array): void {
    this.#utterance?.write(pcm);
  }

  farewell({ code }: ChorusError): string {
    return JSON.stringify({ type: 'farewell', code });
  }

  #open(language: string): void {
    this.#stream ??= this.#connection.place(LIVE);
    this.#utterance = new Utterance(this.#connection, {
      stream: this.#stream,
      request: { model: 'live', sampleRateHz: 16_000, language },
      onEvent: (event) => this.#connection.send(JSON.stringify(event)),
    });
    this.#utterance.over.catch((caught: unknown) => this.#connection.fail(caught));
  }
}
