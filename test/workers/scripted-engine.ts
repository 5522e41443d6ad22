import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/**
 * `busy N` computes for N ms · `fail` throws · `crash` ends the process · `segv` breaks it ·
 * `gate FILE` waits for a file, and gives up when it is canceled · `spin FILE` waits and does not ·
 * `faulty FILE` fails where the file names the process · `cuda N` fails as CUDA error N does · `halves FILE` gives half of its audio, then waits for the file.
 */
const ACTIONS = [
  'busy',
  'fail',
  'crash',
  'segv',
  'gate',
  'spin',
  'cuda',
  'halves',
  'faulty',
] as const;
type Action = (typeof ACTIONS)[number];

/** What one step shall do. */
export interface ScriptedStep {
  readonly action: Action;
  readonly argument: string;
}

/** Samples that each finished step yields. */
export const SAMPLES_PER_STEP = 2_400;
/** Rate of the scripted audio. */
export const SCRIPTED_RATE_HZ = 24_000;

/** A text is a script: steps separated by `;`, for example `busy 20; busy 20; fail`. */
function parseScript(text: string): ScriptedStep[] {
  return text.split(';').map((part) => {
    const [action = '', argument = ''] = part.trim().split(' ');
    const known = ACTIONS.find((one) => one === action);
    if (known !== undefined) return { action: known, argument };
    throw new ChorusError('unspeakable_text', `No such step: ${action}`, { param: 'input' });
  });
}

/** Each step is a piece; half of its samples come at a time, so that a piece can be cut in its middle. */
async function* run(request: SynthesisRequest, context: JobContext): AsyncGenerator<SpeechEvent> {
  const steps = parseScript(request.text);
  const { piece: from, skipSamples } = request.resume ?? { piece: 0, skipSamples: 0 };
  const deterministic = request.voice !== 'noisy';
  yield { type: 'start', sampleRateHz: SCRIPTED_RATE_HZ, deterministic };
  for (const [index, step] of steps.slice(from).entries()) {
    const whole = (await context.step(step)) as Float32Array;
    const samples = index === 0 ? whole.subarray(skipSamples) : whole;
    yield { type: 'mark', piece: from + index, samples: samples.length };
    const half = step.action === 'halves' ? samples.length / 2 : samples.length;
    yield { type: 'audio', pcm: bytesOf(samples.subarray(0, half)) };
    if (step.action !== 'halves') continue;
    await context.step({ action: 'gate', argument: step.argument });
    yield { type: 'audio', pcm: bytesOf(samples.subarray(half)) };
  }
  const audioSeconds = (steps.length * SAMPLES_PER_STEP) / SCRIPTED_RATE_HZ;
  yield { type: 'usage', usage: { characters: request.text.length, audioSeconds } };
  yield { type: 'done' };
}

function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** A speech engine that follows scripts in real inference threads of a real worker process. */
export const scriptedEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./scripted-replica.js', import.meta.url),
  async open() {
    return { synthesize: run, close: async () => {} };
  },
};
