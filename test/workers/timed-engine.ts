import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/** What one step shall do. */
export interface TimedStep {
  /** Name of the request, to be noted when its first step starts. */
  readonly id: string;
  readonly isFirst: boolean;
  readonly sleepMs: number;
}

/** Where starts are noted, in the model's folder. */
export const STARTS_FILE = 'starts.log';

const RATE_HZ = 24_000;

/** How a text orders its time. */
export interface TimedText {
  readonly id: string;
  readonly serviceMs: number;
  /** Longest step; 0 = all in one. */
  readonly stepMs: number;
}

/** The text that orders it, of so many characters if that is enough for the order. */
export function timedText({ id, serviceMs, stepMs }: TimedText, characters: number): string {
  return `${id} ${serviceMs} ${stepMs} `.padEnd(characters, 'o');
}

function parse(text: string): TimedText {
  const [id = '', serviceMs, stepMs] = text.split(' ');
  const times = { serviceMs: Number(serviceMs), stepMs: Number(stepMs) };
  if (times.serviceMs > 0 && times.stepMs >= 0) return { id, ...times };
  throw new ChorusError('unspeakable_text', 'It orders no time.', { param: 'input' });
}

function stepsOf({ id, serviceMs, stepMs }: TimedText): TimedStep[] {
  const steps = stepMs === 0 ? 1 : Math.ceil(serviceMs / stepMs);
  const sleepMs = serviceMs / steps;
  return Array.from({ length: steps }, (_, n) => ({ id, isFirst: n === 0, sleepMs }));
}

async function* run(request: SynthesisRequest, context: JobContext): AsyncGenerator<SpeechEvent> {
  const steps = stepsOf(parse(request.text));
  yield { type: 'start', sampleRateHz: RATE_HZ, deterministic: true };
  for (const [piece, step] of steps.entries()) {
    const { buffer, length } = (await context.step(step)) as Float32Array;
    yield { type: 'mark', piece, samples: length };
    yield { type: 'audio', pcm: new Uint8Array(buffer) };
  }
  yield { type: 'usage', usage: { characters: request.text.length, audioSeconds: 0.01 } };
  yield { type: 'done' };
}

/**
 * A speech engine whose steps take the time that the text orders and no processor: many of its
 * workers fit on few cores, as if each had a device of its own.
 */
export const timedEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./timed-replica.js', import.meta.url),
  async open() {
    return { synthesize: run, close: async () => {} };
  },
};
