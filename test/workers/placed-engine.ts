import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/** Steps that one of its requests has outstanding at once. */
export const PLACED_LOOK_AHEAD = 3;
/** Each step makes a second of audio, more than a socket holds. */
export const PLACED_RATE_HZ = 256 * 1024;
/** Where steps note their names as they start, in the model's folder. */
export const PLACED_FILE = 'steps.log';

/** What one step shall do: note its name, and wait for the file if there is one. */
export interface PlacedStep {
  readonly name: string;
  readonly gate?: string;
}

interface Planned {
  readonly step: PlacedStep;
  readonly afterSeconds: number;
}

/** A text is a plan: `name afterSeconds gate`, the last one as wanted, separated by `;`. */
function parse(text: string): Planned[] {
  return text.split(';').map((part) => {
    const [name = '', after, gate] = part.trim().split(' ');
    const step = gate === undefined ? { name } : { name, gate };
    return { step, afterSeconds: Number(after) };
  });
}

async function* run({ text }: SynthesisRequest, context: JobContext): AsyncGenerator<SpeechEvent> {
  const planned = parse(text);
  const asked: Promise<unknown>[] = [];
  const fill = (done: number): void => {
    for (const { step, afterSeconds } of planned.slice(asked.length, done + PLACED_LOOK_AHEAD)) {
      const result = context.step(step, { afterSeconds });
      result.catch(() => {});
      asked.push(result);
    }
  };
  yield { type: 'start', sampleRateHz: PLACED_RATE_HZ, deterministic: true };
  for (const piece of planned.keys()) {
    fill(piece);
    const { buffer, length } = (await asked[piece]) as Float32Array;
    yield { type: 'mark', piece, samples: length };
    yield { type: 'audio', pcm: new Uint8Array(buffer) };
  }
  const usage = { characters: text.length, audioSeconds: planned.length };
  yield { type: 'usage', usage };
  yield { type: 'done' };
}

/** A speech engine that asks for several steps at once and says when their audio is played. */
export const placedEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./placed-replica.js', import.meta.url),
  async open() {
    return { synthesize: run, close: async () => {} };
  },
};
