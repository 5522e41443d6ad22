import { ChorusError } from '../protocol/errors.js';
import type { ResumePoint, SpeechEvent } from '../protocol/requests.js';
import { hasWords } from '../speech/sentences.js';

/** Steps that one request may have queued or running: with two, its next sentence uses an idle replica. */
const LOOK_AHEAD = 2;

/** How a text that was cut into sentences is spoken. */
export interface SentenceSpeech<Step> {
  readonly sampleRateHz: number;
  /** Whether the same text gives the same samples again. */
  readonly deterministic: boolean;
  /** Where to begin, if not at the beginning. */
  readonly resume: ResumePoint | undefined;
  readonly characters: number;
  readonly sentences: readonly string[];
  /** Silence between two sentences. */
  readonly pauseSamples: number;
  /** The steps of a sentence, more than one if it is very long; none if nothing in it can be spoken. */
  readonly prepare: (sentence: string) => Promise<readonly Step[]>;
  /** Speaks it: mono samples in −1…1. */
  readonly run: (step: Step) => Promise<Float32Array>;
}

/**
 * Speaks sentence by sentence, in order. While one sentence is spoken the next is queued already;
 * the scheduler lets other requests' first sentences go before it. A reader that takes nothing
 * leaves at most one sentence waiting.
 * @throws ChorusError `unspeakable_text` before any event if there is nothing to speak.
 */
export async function* speakSentences<Step>(
  speech: SentenceSpeech<Step>,
): AsyncGenerator<SpeechEvent> {
  const { sampleRateHz, deterministic, pauseSamples } = speech;
  const steps = speakable(speech);
  let { piece, skipSamples } = speech.resume ?? { piece: 0, skipSamples: 0 };
  const first = await nth(steps, piece);
  // Another worker may have been lost with nothing left to say but that it was done.
  if (first === undefined && speech.resume === undefined) throw unspeakable();
  yield { type: 'start', sampleRateHz, deterministic };
  const queued = first === undefined ? [] : [settle(speech.run(first))];
  let samples = 0;
  for (let next = queued[0]; next !== undefined; next = queued[0]) {
    const filling = settle(fill(queued, steps, speech));
    const sentence = await next.take();
    await filling.take();
    queued.shift();
    const whole = piece === 0 ? sentence : afterPause(sentence, pauseSamples);
    const audio = whole.subarray(skipSamples);
    yield { type: 'mark', piece, samples: audio.length };
    yield { type: 'audio', pcm: bytesOf(audio) };
    samples += audio.length;
    piece += 1;
    skipSamples = 0;
  }
  const audioSeconds = samples / sampleRateHz;
  yield { type: 'usage', usage: { characters: speech.characters, audioSeconds } };
  yield { type: 'done' };
}

/** The step after so many others, or undefined if there are not so many. */
async function nth<Step>(
  steps: AsyncGenerator<Step, undefined>,
  skipped: number,
): Promise<Step | undefined> {
  for (let index = 0; index < skipped; index += 1) await steps.next();
  return (await steps.next()).value;
}

/** Queues steps up to the look-ahead. */
async function fill<Step>(
  queued: Settled<Float32Array>[],
  steps: AsyncGenerator<Step, undefined>,
  speech: SentenceSpeech<Step>,
): Promise<void> {
  while (queued.length < LOOK_AHEAD) {
    const next = await steps.next();
    if (next.done) return;
    queued.push(settle(speech.run(next.value)));
  }
}

async function* speakable<Step>(speech: SentenceSpeech<Step>): AsyncGenerator<Step, undefined> {
  for (const sentence of speech.sentences.filter(hasWords)) {
    yield* await speech.prepare(sentence);
  }
  return undefined;
}

interface Settled<Result> {
  take(): Promise<Result>;
}

/** A promise whose failure is seen when it is taken, and never as an unhandled rejection. */
function settle<Result>(promise: Promise<Result>): Settled<Result> {
  promise.catch(() => {});
  return { take: () => promise };
}

function afterPause(samples: Float32Array, pauseSamples: number): Float32Array {
  const paused = new Float32Array(pauseSamples + samples.length);
  paused.set(samples, pauseSamples);
  return paused;
}

function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function unspeakable(): ChorusError {
  const message = 'The input holds nothing that can be spoken: no letters and no numbers.';
  return new ChorusError('unspeakable_text', message, { param: 'input' });
}
