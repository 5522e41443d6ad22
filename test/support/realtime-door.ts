import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import pino from 'pino';

import { Outbox } from '../../src/engines/live/outbox.js';
import { Admissions } from '../../src/http/admissions.js';
import { authKeysOf } from '../../src/http/auth-keys.js';
import { realtimeFamily, type RealtimeOptions } from '../../src/http/openai/realtime/family.js';
import { WebSocketDoors } from '../../src/http/ws/doors.js';
import type { ChorusError } from '../../src/protocol/errors.js';
import type { LiveEvent, LivePiece } from '../../src/protocol/live.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { catalogue } from './door.js';
import { ScriptedRouter } from './scripted-router.js';

/** What a worker hears of a call, and what the test has it say. */
export class ScriptedCall {
  readonly pieces: LivePiece[] = [];
  readonly signal: AbortSignal;
  readonly #said = new Outbox<LiveEvent>();
  hasEnded = false;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener('abort', () => this.#said.end());
    if (signal.aborted) this.#said.end();
  }

  /** Length of the speech so far. */
  get bytes(): number {
    return this.pieces.reduce((sum, one) => sum + (one instanceof Uint8Array ? one.length : 0), 0);
  }

  get controls(): string[] {
    return this.pieces.flatMap((piece) => (piece instanceof Uint8Array ? [] : [piece.type]));
  }

  say(...events: readonly LiveEvent[]): void {
    for (const event of events) this.#said.push(event);
  }

  /** Words of a turn that will not change. */
  words(text: string): void {
    const figures = { temperature: 0, avgLogprob: 0, compressionRatio: 1, noSpeechProb: 0 };
    const place = { id: 0, seek: 0, start: 0, end: 0, tokens: [] };
    this.say({ type: 'segment', segment: { ...place, ...figures, text } });
  }

  /** All is said. */
  done(): void {
    this.say({ type: 'usage', usage: { audioSeconds: 1 } }, { type: 'done' });
    this.#said.end();
  }

  fail(error: ChorusError): void {
    this.#said.fail(error);
  }

  async *listen(audio: AsyncIterable<LivePiece>): AsyncGenerator<LiveEvent> {
    void (async () => {
      for await (const piece of audio) this.pieces.push(piece);
      this.hasEnded = true;
    })();
    yield { type: 'start', language: 'en' };
    yield* this.#said;
  }
}

/** What a test may set about the door. */
export interface RealtimeDoorOptions extends Partial<RealtimeOptions> {
  readonly apiKeys?: readonly string[];
}

/** The door of the Realtime API over workers that the test speaks for. */
export class RealtimeDoor {
  readonly router = new ScriptedRouter();
  readonly calls: ScriptedCall[] = [];
  readonly #server: Server = createServer();
  readonly #doors: WebSocketDoors;

  private constructor({ apiKeys = [], ...options }: RealtimeDoorOptions) {
    const log = pino({ level: 'silent' });
    this.router.script = {
      listen: (audio, signal) => {
        const call = new ScriptedCall(signal);
        this.calls.push(call);
        return call.listen(audio);
      },
    };
    this.#doors = new WebSocketDoors({
      families: [realtimeFamily({ catalogue, ...options })],
      router: this.router,
      keys: authKeysOf({ apiKeys }),
      admissions: new Admissions(),
      log,
      metrics: new Metrics(log),
    });
    this.#doors.attach(this.#server);
  }

  static async open(options: RealtimeDoorOptions = {}): Promise<RealtimeDoor> {
    const door = new RealtimeDoor(options);
    await once(door.#server.listen(0, '127.0.0.1'), 'listening');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.#doors.close();
    this.#server.close();
  }
}
