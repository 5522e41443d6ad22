import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/** What one step shall do. */
export interface ScriptedStep {
  /** `busy N` computes for N ms · `fail` throws · `crash` ends the process · `gate FILE` waits for a file. */
  readonly action: 'busy' | 'fail' | 'crash' | 'gate';
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
    if (action === 'busy' || action === 'fail' || action === 'crash' || action === 'gate') {
      return { action, argument };
    }
    throw new ChorusError('unspeakable_text', `No such step: ${action}`, { param: 'input' });
  });
}

async function* run(request: SynthesisRequest, context: JobContext): AsyncGenerator<SpeechEvent> {
  const steps = parseScript(request.text);
  yield { type: 'start', sampleRateHz: SCRIPTED_RATE_HZ };
  for (const step of steps) {
    const samples = (await context.step(step)) as Float32Array;
    yield { type: 'audio', pcm: new Uint8Array(samples.buffer) };
  }
  const audioSeconds = (steps.length * SAMPLES_PER_STEP) / SCRIPTED_RATE_HZ;
  yield { type: 'usage', usage: { characters: request.text.length, audioSeconds } };
  yield { type: 'done' };
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
