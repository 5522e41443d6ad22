import type { LiveEvent, LivePiece, LiveRequest } from '../../../src/protocol/live.js';
import { LiveAudio } from '../../../src/protocol/live-audio.js';
import { recogniseLive } from '../../../src/engines/live/live-recogniser.js';
import type { LiveText, LiveWindow } from '../../../src/engines/live/ports.js';

/** Samples of a window of the detector. */
export const WINDOW = 512;
/** Windows of 32 ms: the bench's unit of time. */
const RATE_HZ = 16_000;

/** A word, 0 for none, and for how many windows it sounds. */
export type Stretch = readonly [word: number, windows: number];

/**
 * Speech in which a sample's value says what it is: 0 is silence, any other value n is the sound of
 * the n-th word. A detector and an engine that hear it need no network.
 */
export function speech(...stretches: readonly Stretch[]): Int16Array {
  const total = stretches.reduce((sum, [, windows]) => sum + windows, 0);
  const out = new Int16Array(total * WINDOW);
  let at = 0;
  for (const [word, windows] of stretches) {
    out.fill(word, at, (at += windows * WINDOW));
  }
  return out;
}

export const bytesOf = (pcm: Int16Array): Uint8Array =>
  new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

/** The words in a stretch of samples, in their order, with when they are heard. */
export function wordsIn(pcm: Int16Array): { word: string; start: number; end: number }[] {
  const words: { word: string; start: number; end: number }[] = [];
  let last = 0;
  for (const [at, value] of pcm.entries()) {
    const word = words.at(-1);
    if (value !== 0 && value !== last) {
      words.push({ word: ` w${value}`, start: at / RATE_HZ, end: at / RATE_HZ });
    } else if (value !== 0 && word) {
      Object.assign(word, { end: (at + 1) / RATE_HZ });
    }
    last = value;
  }
  return words;
}

export const FIGURES = {
  tokens: [],
  temperature: 0,
  avgLogprob: 0,
  compressionRatio: 1,
  noSpeechProb: 0,
} as const;

/** What an engine that hears perfectly makes of a window. */
export function readPerfectly({ pcm, words }: LiveWindow): LiveText {
  const heard = wordsIn(pcm).map((word) => ({ ...word, probability: 1 }));
  const text = heard.map(({ word }) => word).join('');
  return { text, ...FIGURES, ...(words && { words: heard }) };
}

/** A window that waits for its text. */
export interface PendingRead {
  readonly window: LiveWindow;
  answer(text?: LiveText): void;
  fail(error: Error): void;
}

/** What a bench may be told. */
export interface LiveBenchOptions extends Partial<LiveRequest> {
  /** Reads wait until the test answers them; else they are answered at once. */
  readonly byHand?: boolean;
  /** The detector answers when this is settled. */
  readonly hearing?: Promise<void>;
  readonly read?: (window: LiveWindow) => LiveText;
}

/** A live recogniser whose ports the test drives. */
export class LiveBench {
  readonly audio = new LiveAudio();
  readonly events: LiveEvent[] = [];
  /** All windows that were ever asked for. */
  readonly windows: LiveWindow[] = [];
  /** Those that wait to be answered, with `byHand`. */
  readonly pending: PendingRead[] = [];
  /** Resolves when the events have ended. */
  readonly over: Promise<void>;
  readonly abort = new AbortController();
  /** Of each call of the detector, the samples. */
  readonly heard: number[] = [];
  nowMs = 0;

  constructor(options: LiveBenchOptions = {}) {
    const { byHand = false, read = readPerfectly, hearing, ...request } = options;
    const ports = {
      hear: async (pcm: Int16Array) => {
        this.heard.push(pcm.length);
        await hearing;
        return probabilitiesOf(pcm);
      },
      decode: async (latest: () => LiveWindow) => {
        const window = latest();
        this.windows.push(window);
        return byHand ? this.#wait(window) : read(window);
      },
    };
    const whole = { model: 'bench', sampleRateHz: RATE_HZ, ...request };
    const { signal } = this.abort;
    const live = { request: whole, ports, language: 'en', signal, now: () => this.nowMs };
    this.over = this.#follow(recogniseLive(live, this.audio));
    this.over.catch(() => undefined);
  }

  /** Says something, and lets all that can be done be done. */
  async say(...stretches: readonly Stretch[]): Promise<void> {
    await this.send(bytesOf(speech(...stretches)));
  }

  async send(...pieces: readonly LivePiece[]): Promise<void> {
    for (const piece of pieces) this.audio.push(piece);
    await quiet();
  }

  /** Ends the speech and waits for the last event. */
  async end(): Promise<void> {
    this.audio.end();
    await this.over;
  }

  /** Kinds of the events so far. */
  get kinds(): string[] {
    return this.events.map(({ type }) => type);
  }

  all<Type extends LiveEvent['type']>(type: Type): Extract<LiveEvent, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<
      LiveEvent,
      { type: Type }
    >[];
  }

  get texts(): string[] {
    return this.all('segment').map(({ segment }) => segment.text);
  }

  #wait(window: LiveWindow): Promise<LiveText> {
    return new Promise((resolve, reject) => {
      const answer = (text = readPerfectly(window)): void => {
        this.pending.splice(this.pending.indexOf(pending), 1);
        resolve(text);
      };
      const pending = { window, answer, fail: reject };
      this.pending.push(pending);
    });
  }

  async #follow(events: AsyncIterable<LiveEvent>): Promise<void> {
    for await (const event of events) this.events.push(event);
  }
}

/** Lets all promises that can be settled settle. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A window is speech if most of it is; how sure, its loudest sample's last digits say. */
function probabilitiesOf(pcm: Int16Array): Float32Array {
  const windows = Math.floor(pcm.length / WINDOW);
  return Float32Array.from({ length: windows }, (_, at) => {
    const window = pcm.subarray(at * WINDOW, (at + 1) * WINDOW);
    return window.reduce((sum, value) => sum + Number(value !== 0), 0) / WINDOW;
  });
}
