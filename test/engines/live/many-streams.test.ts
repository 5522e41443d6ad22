import { describe, expect, it } from 'vitest';

import type { ReadingPlace } from '../../../src/engines/engine.js';
import { recogniseLive } from '../../../src/engines/live/live-recogniser.js';
import type { LivePorts } from '../../../src/engines/live/ports.js';
import { LiveAudio } from '../../../src/protocol/live-audio.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import { StepScheduler, type StepReplica } from '../../../src/worker/step-scheduler.js';
import { bytesOf, readPerfectly, speech, type Stretch, WINDOW } from './live-bench.js';

const RATE_HZ = 16_000;
const FRAME_MS = 64;
const FRAME_SAMPLES = (FRAME_MS * RATE_HZ) / 1000;
/** What the workers do for a request whose words somebody reads along. */
const READ_ALONG = { class: 'interactive', isResumed: false, playingSinceMs: undefined } as const;

/** A step that takes a while of a time that only the test lets pass. */
interface TimedStep {
  readonly costMs: number;
  readonly compute: () => unknown;
}

/** One replica, in simulated time. */
class Simulation {
  nowMs = 0;
  #finish: { readonly atMs: number; readonly end: () => void } | undefined;
  readonly scheduler: StepScheduler;

  constructor() {
    const isBusy = (): boolean => this.#finish !== undefined;
    const replica: StepReplica = {
      get busy() {
        return isBusy();
      },
      run: (step) => this.#run(step as TimedStep),
      cancelRunning: () => {},
    };
    // Steps are made when their turn comes.
    this.scheduler = new StepScheduler([replica], {}, () => this.nowMs);
  }

  /** Lets time pass until then, step by step. */
  async until(atMs: number): Promise<void> {
    for (;;) {
      await settled();
      const finish = this.#finish;
      if (!finish || finish.atMs > atMs) break;
      this.nowMs = finish.atMs;
      this.#finish = undefined;
      finish.end();
    }
    this.nowMs = Math.max(this.nowMs, atMs);
  }

  #run({ costMs, compute }: TimedStep): Promise<unknown> {
    return new Promise((resolve) => {
      this.#finish = { atMs: this.nowMs + costMs, end: () => resolve(compute()) };
    });
  }
}

/** Lets everything that needs no time be done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Somebody who speaks into the simulation in real time. */
class Speaker {
  readonly audio = new LiveAudio();
  readonly told: { readonly event: LiveEvent; readonly atMs: number }[] = [];
  guesses = 0;
  readonly #pcm: Int16Array;
  readonly #startMs: number;

  constructor(
    simulation: Simulation,
    options: { pcm: Int16Array; startMs: number; decodeMs: number },
  ) {
    const { pcm, startMs, decodeMs } = options;
    this.#pcm = pcm;
    this.#startMs = startMs;
    const { signal } = new AbortController();
    const run = simulation.scheduler.open({ signal, call: `${startMs}`, request: READ_ALONG });
    const step = (costMs: number, compute: () => unknown, place: ReadingPlace) =>
      run({ costMs, compute } satisfies TimedStep, { place });
    const ports: LivePorts = {
      hear: (heard, place) => {
        const windows = heard.length / WINDOW;
        const compute = (): Float32Array =>
          Float32Array.from({ length: windows }, (_, at) => Number(heard[at * WINDOW] !== 0));
        return step(0.3 * windows, compute, place) as Promise<Float32Array>;
      },
      decode: (latest, place) => {
        const make = (): TimedStep => {
          const window = latest();
          if (!window.isFinal) this.guesses += 1;
          return { costMs: decodeMs, compute: () => readPerfectly(window) };
        };
        return run(make, { place }) as ReturnType<LivePorts['decode']>;
      },
    };
    const request = { model: 'many', sampleRateHz: RATE_HZ };
    const live = { request, ports, language: 'en', signal, now: () => simulation.nowMs };
    void (async () => {
      for await (const event of recogniseLive(live, this.audio)) {
        this.told.push({ event, atMs: simulation.nowMs - startMs });
      }
    })();
  }

  /** Says what is to be said at that time. */
  speak(atMs: number): void {
    const at = ((atMs - this.#startMs) / FRAME_MS) * FRAME_SAMPLES;
    if (at < 0 || at >= this.#pcm.length) return;
    this.audio.push(bytesOf(this.#pcm.slice(at, at + FRAME_SAMPLES)));
    if (at + FRAME_SAMPLES >= this.#pcm.length) this.audio.end();
  }

  /** From the end of each turn's silence to its last word. */
  get finalDelaysMs(): number[] {
    return this.told.flatMap(({ event, atMs }) =>
      event.type === 'settled' ? [atMs - event.throughSeconds * 1000] : [],
    );
  }

  /** From the end of each word to the moment at which it was first told. */
  get wordLagsMs(): number[] {
    const seen = new Map<string, number>();
    for (const { event, atMs } of this.told) {
      const text =
        event.type === 'partial' ? event.text : event.type === 'segment' ? event.segment.text : '';
      for (const word of text.split(' ')) if (word !== '' && !seen.has(word)) seen.set(word, atMs);
    }
    return [...seen].map(([word, atMs]) => atMs - this.#endsMs(Number(word.slice(1))));
  }

  get texts(): string[] {
    return this.told.flatMap(({ event }) => (event.type === 'segment' ? [event.segment.text] : []));
  }

  #endsMs(word: number): number {
    return ((this.#pcm.lastIndexOf(word) + 1) * 1000) / RATE_HZ;
  }
}

/** Six sentences of eight words; each word lasts 320 ms. */
function monologue(): { pcm: Int16Array; texts: string[] } {
  const stretches: Stretch[] = [[0, 10]];
  const texts: string[] = [];
  for (let word = 1; word <= 48; word++) {
    stretches.push([word, 10]);
    if (word % 8 !== 0) continue;
    stretches.push([0, 26]);
    texts.push(Array.from({ length: 8 }, (_, n) => `w${word - 7 + n}`).join(' '));
  }
  return { pcm: speech(...stretches), texts };
}

async function converse(speakers: number, decodeMs: number): Promise<Speaker[]> {
  const simulation = new Simulation();
  const { pcm } = monologue();
  const all = Array.from(
    { length: speakers },
    (_, n) => new Speaker(simulation, { pcm, startMs: n * 5 * FRAME_MS, decodeMs }),
  );
  const lengthMs = (pcm.length / RATE_HZ) * 1000 + speakers * 5 * FRAME_MS;
  for (let atMs = 0; atMs < lengthMs; atMs += FRAME_MS) {
    await simulation.until(atMs);
    for (const speaker of all) speaker.speak(atMs);
  }
  while (all.some(({ told }) => told.at(-1)?.event.type !== 'done')) {
    await simulation.until(simulation.nowMs + FRAME_MS);
  }
  return all;
}

function percentile95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN;
}

describe('many streams on one replica', () => {
  it('have their words soon, and their last ones with the end of the silence', async () => {
    const speakers = await converse(8, 40);
    const { texts } = monologue();
    for (const speaker of speakers) expect(speaker.texts).toEqual(texts);
    expect(percentile95(speakers.flatMap(({ finalDelaysMs }) => finalDelaysMs))).toBeLessThan(300);
    expect(percentile95(speakers.flatMap(({ wordLagsMs }) => wordLagsMs))).toBeLessThan(700);
  });

  it('have fewer guesses when it is too slow for all of them, and none falls behind', async () => {
    const [fast, slow] = [await converse(8, 40), await converse(8, 250)];
    const guesses = (speakers: readonly Speaker[]): number =>
      speakers.reduce((sum, speaker) => sum + speaker.guesses, 0);
    expect(guesses(slow)).toBeGreaterThan(0);
    expect(guesses(slow)).toBeLessThan(guesses(fast) / 2);
    const { texts } = monologue();
    for (const speaker of slow) {
      expect(speaker.texts).toEqual(texts);
      // No later sentence waits longer than the first ones: what is behind does not grow.
      expect(Math.max(...speaker.finalDelaysMs)).toBeLessThan(8 * 250);
    }
  });
});
