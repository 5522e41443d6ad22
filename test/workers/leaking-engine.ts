import type { SpeechEngine } from '../../src/engines/engine.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/** What it never gives back. */
const kept: Buffer[] = [];

/** The text that takes so much memory, and keeps it or lets it go. */
export function takingText(what: 'keep' | 'drop', bytes: number): string {
  return `${what} ${bytes}`;
}

async function* answer({ text }: SynthesisRequest): AsyncGenerator<SpeechEvent> {
  const [what, bytes] = text.split(' ');
  // Filled: memory that nobody has written to is none.
  const memory = Buffer.alloc(Number(bytes), 1);
  if (what === 'keep') kept.push(memory);
  yield { type: 'start', sampleRateHz: 24_000, deterministic: true };
  yield { type: 'mark', piece: 0, samples: 1 };
  yield { type: 'audio', pcm: new Uint8Array(new Float32Array(1).buffer) };
  yield { type: 'usage', usage: { characters: text.length, audioSeconds: 0 } };
  yield { type: 'done' };
}

/** A speech engine that does with memory what the request says. */
export const leakingEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./empty-replica.js', import.meta.url),
  async open() {
    return { synthesize: answer, close: async () => {} };
  },
};
