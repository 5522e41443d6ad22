import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { HeardItems } from './heard-items.js';
import type { RealtimeEvent } from './heard-items.js';
import type { Script } from './script.js';
import { SentClock } from './sent-clock.js';
import { sayAtPace } from './spoken-stream.js';
import type { SpokenStream } from './spoken-stream.js';

/** How a turn ends: the server finds its silence, or the client says so. */
export const DETECTIONS = ['server_vad', 'commit'] as const;

/** One of {@link DETECTIONS}. */
export type Detection = (typeof DETECTIONS)[number];

/** How a stream speaks to the server. */
export interface LiveStreamOptions {
  /** Of the HTTP server. */
  readonly url: string;
  readonly model: string;
  readonly detection: Detection;
  readonly silenceMs: number;
  /** With `commit`: how long after the last audible sample a turn is ended. */
  readonly stopAfterMs: number;
  readonly frameMs: number;
}

const UPDATED = 'session.updated';
const SETUP_TIMEOUT_MS = 10_000;
const LAST_WORDS_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** A client that speaks in real time over `/v1/realtime?intent=transcription`. */
export class LiveStream implements SpokenStream {
  readonly heard = new HeardItems();
  readonly clock: SentClock;
  /** When each turn was committed, by its number. */
  readonly committedAtMs: number[] = [];
  readonly #options: LiveStreamOptions;
  readonly #webSocket: WebSocket;
  #isReady = false;
  /** Why the connection ended before its time. */
  ended: string | undefined;

  private constructor(webSocket: WebSocket, options: LiveStreamOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    this.clock = new SentClock(options.frameMs / 1000);
    webSocket.on('message', (data) => this.#take((data as Buffer).toString()));
    webSocket.on('error', (error) => (this.ended = error.message));
    webSocket.on('close', (code, reason) => (this.ended ??= `${code} ${reason.toString()}`));
  }

  /** Connects and tells the session what will come. */
  static async open(options: LiveStreamOptions, sampleRateHz: number): Promise<LiveStream> {
    const address = `${options.url.replace(/^http/, 'ws')}/v1/realtime?intent=transcription`;
    const webSocket = new WebSocket(address, ['realtime'], { perMessageDeflate: false });
    const stream = new LiveStream(webSocket, options);
    await once(webSocket, 'open');
    stream.#send({ type: 'session.update', session: sessionOf(options, sampleRateHz) });
    await stream.#until(() => stream.#isReady, SETUP_TIMEOUT_MS);
    if (!stream.#isReady) throw new Error(`No ${UPDATED}: ${stream.heard.problems.join(', ')}`);
    return stream;
  }

  /** Says a script at its own pace, and waits for the words that are still to come. */
  async say(script: Script): Promise<void> {
    const { frameMs, stopAfterMs, detection } = this.#options;
    const stopsAt = script.turns.map(({ endSeconds }) => endSeconds * 1000 + stopAfterMs);
    const send = (pcm: Buffer, spokenMs: number): void => {
      this.#send({ type: 'input_audio_buffer.append', audio: pcm.toString('base64') });
      const stop = stopsAt[this.committedAtMs.length] ?? Infinity;
      if (detection === 'commit' && spokenMs >= stop) this.#commit();
    };
    const isOver = (): boolean => this.ended !== undefined;
    await sayAtPace(script, { frameMs, clock: this.clock, send, isOver });
    await this.#until(() => this.#hasAll(script), LAST_WORDS_TIMEOUT_MS);
  }

  close(): void {
    this.#webSocket.terminate();
  }

  #commit(): void {
    this.#send({ type: 'input_audio_buffer.commit' });
    this.committedAtMs.push(performance.now());
  }

  /** Nothing that is known of is open. A detector may have cut a turn in two, so more is fine. */
  #hasAll({ turns }: Script): boolean {
    const { completed, items } = this.heard;
    return completed >= turns.length && completed === items.length;
  }

  #send(event: object): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(JSON.stringify(event));
  }

  #take(text: string): void {
    const event = JSON.parse(text) as RealtimeEvent;
    if (event.type === UPDATED) this.#isReady = true;
    this.heard.take(event, performance.now());
  }

  async #until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!isTrue() && this.ended === undefined && performance.now() < deadlineMs) {
      await delay(POLL_MS);
    }
  }
}

function sessionOf(options: LiveStreamOptions, rate: number): object {
  const { model, detection, silenceMs } = options;
  const vad = { type: 'server_vad', silence_duration_ms: silenceMs };
  return {
    type: 'transcription',
    audio: {
      input: {
        format: { type: 'audio/pcm', rate },
        transcription: { model, language: 'en' },
        turn_detection: detection === 'commit' ? null : vad,
      },
    },
  };
}
