import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/**
 * `busy N` computes for N ms · `fail` throws · `crash` ends the process · `segv` breaks it ·
 * `gate FILE` waits for a file, and gives up when it is canceled · `spin FILE` waits and does not ·
 * `faulty FILE` fails where the file names the process · `cuda N` fails as CUDA error N does · `halves FILE` gives half of its audio, then waits for the file ·
 * `windows FILE` gives its audio in quarters and waits for `FILE.1` after the first of them, and so on.
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
  'windows',
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

/** A step and its place in the text. */
interface PlacedStep extends ScriptedStep {
  readonly start: number;
  readonly end: number;
}

/** A text is a script: steps separated by `;`, for example `busy 20; busy 20; fail`. */
function parseScript(text: string): PlacedStep[] {
  return [...text.matchAll(/[^;]+/g)].map(({ 0: part, index }) => {
    const written = part.trim();
    const [action = '', argument = ''] = written.split(' ');
    const known = ACTIONS.find((one) => one === action);
    const start = index + part.indexOf(written);
    if (known !== undefined) return { action: known, argument, start, end: start + written.length };
    throw new ChorusError('unspeakable_text', `No such step: ${action}`, { param: 'input' });
  });
}

/** Each step is a piece and a sentence of words of equal length. */
async function* run(request: SynthesisRequest, context: JobContext): AsyncGenerator<SpeechEvent> {
  const steps = parseScript(request.text);
  const { piece: from, skipSamples } = request.resume ?? { piece: 0, skipSamples: 0 };
  const deterministic = request.voice !== 'noisy';
  yield { type: 'start', sampleRateHz: SCRIPTED_RATE_HZ, deterministic };
  for (const [index, { action, argument, ...place }] of steps.slice(from).entries()) {
    const samples = (await context.step({ action, argument })) as Float32Array;
    const piece = from + index;
    const skipped = index === 0 ? skipSamples : 0;
    const marks = marksOf(request.text, piece, place);
    yield { type: 'mark', piece, samples: samples.length - skipped, marks };
    let at = skipped;
    for (const [cut, file] of cutsOf({ action, argument }, samples.length)) {
      if (cut <= at) continue;
      yield { type: 'audio', pcm: bytesOf(samples.subarray(at, cut)) };
      await context.step({ action: 'gate', argument: file });
      at = cut;
    }
    yield { type: 'audio', pcm: bytesOf(samples.subarray(at)) };
  }
  const audioSeconds = (steps.length * SAMPLES_PER_STEP) / SCRIPTED_RATE_HZ;
  yield { type: 'usage', usage: { characters: request.text.length, audioSeconds } };
  yield { type: 'done' };
}

/** Where a piece's audio is cut, and the file that is waited for there. */
function cutsOf({ action, argument }: ScriptedStep, samples: number): [number, string][] {
  if (action === 'halves') return [[samples / 2, argument]];
  if (action !== 'windows') return [];
  return [1, 2, 3].map((nth) => [(samples * nth) / 4, `${argument}.${nth}`]);
}

function marksOf(text: string, sentence: number, place: { start: number; end: number }) {
  const words = [...text.slice(place.start, place.end).matchAll(/\S+/g)];
  const wordSamples = SAMPLES_PER_STEP / words.length;
  return {
    sentence,
    ...place,
    fromSample: 0,
    toSample: SAMPLES_PER_STEP,
    words: words.map(({ 0: word, index }, nth) => ({
      start: place.start + index,
      end: place.start + index + word.length,
      fromSample: nth * wordSamples,
      toSample: (nth + 1) * wordSamples,
    })),
  };
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
