import { request as httpRequest } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import { once } from 'node:events';

import { WavListener } from '../support/wav-listener.js';
import { PlaybackClock } from './playback-clock.js';

/** How a client takes an answer from its connection. */
export const READINGS = ['played', 'fast'] as const;

/** One of {@link READINGS}: as fast as it plays, or as fast as it comes. */
export type Reading = (typeof READINGS)[number];

/** What a player asks for, and how it reads. */
export interface PlayerOptions {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly agent: Agent;
  readonly reading: Reading;
  /** What it takes in advance while it reads as fast as it plays. */
  readonly aheadMs: number;
  readonly signal: AbortSignal;
}

/** A timer that wakes more often than this would cost more than it is good for. */
const SHORTEST_PAUSE_MS = 20;

/** Listens to one answer in real time: a plain HTTP client that counts bytes. */
export class Player {
  readonly clock = new PlaybackClock();
  readonly #options: PlayerOptions;
  readonly #wav = new WavListener();
  readonly #beginMs = performance.now();

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** How long it waited for the first audible sample, so far if there is none. */
  get waitMs(): number {
    return (this.#wav.firstAudibleMs ?? performance.now()) - this.#beginMs;
  }

  /** Whether it has heard anything. */
  get hears(): boolean {
    return this.#wav.firstAudibleMs !== undefined;
  }

  /** Audio received so far, silence included. */
  get audioSeconds(): number {
    return this.#wav.audioSeconds;
  }

  /**
   * Asks and reads the answer to its end; what is left to play by then is in the clock.
   * @throws Error if the answer is no 200, breaks off or is silent.
   */
  async play(): Promise<void> {
    const answer = await this.#ask();
    if (answer.statusCode !== 200) {
      answer.resume();
      throw new Error(`${this.#options.url}: ${answer.statusCode}`);
    }
    answer.on('data', (bytes: Buffer) => this.#take(bytes, answer));
    // Breaks off with `error`, which `once` throws.
    await once(answer, 'end');
    if (!this.hears) throw new Error(`${this.#options.url} answered silence.`);
  }

  async #ask(): Promise<IncomingMessage> {
    const { url, body, agent, signal } = this.#options;
    const payload = Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json', 'content-length': payload.length };
    const request = httpRequest(url, { method: 'POST', headers, agent, signal });
    request.end(payload);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    // The same failure comes to the answer.
    request.on('error', () => undefined);
    return answer;
  }

  #take(bytes: Buffer, answer: IncomingMessage): void {
    const { reading, aheadMs } = this.#options;
    const nowMs = performance.now();
    this.#wav.take(bytes, nowMs);
    const { silentSeconds, audioSeconds } = this.#wav;
    if (silentSeconds === undefined) return;
    this.clock.has(audioSeconds - silentSeconds, nowMs);
    const tooMuchMs = this.clock.bufferMs(nowMs) - aheadMs;
    if (reading === 'fast' || tooMuchMs <= 0) return;
    answer.pause();
    setTimeout(() => answer.resume(), Math.max(SHORTEST_PAUSE_MS, tooMuchMs));
  }
}
