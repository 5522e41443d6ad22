import { once } from 'node:events';
import { appendFileSync } from 'node:fs';

import type { JobContext, SpeechEngine } from '../../src/engines/engine.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';

/** Rate of the empty engine's audio: that of the `pcm` answers, so that nobody has to resample. */
export const EMPTY_RATE_HZ = 24_000;
/** The longest speech that it has ready. */
const MAX_SAMPLES = 1024 * 1024;

const HOLD = 'hold';
const LEAVE = 'leave';
const silence = new Uint8Array(MAX_SAMPLES * Float32Array.BYTES_PER_ELEMENT);

/** The text that is spoken with so many samples at once. */
export function textOf(samples: number): string {
  return `samples ${samples}`;
}

/** The text that is never spoken to its end: it holds its place until its client leaves. */
export const HOLDING_TEXT = HOLD;

/** The text that is held likewise, after its first audio or before, and notes when that has ended. */
export function leavingText(when: 'before' | 'after', file: string): string {
  return `${LEAVE} ${when} ${file}`;
}

/** Holds a place until its client has left, and notes that moment of the system's monotonic clock. */
async function* leave(
  when: string,
  file: string,
  signal: AbortSignal,
): AsyncGenerator<SpeechEvent> {
  if (when === 'after') {
    yield { type: 'start', sampleRateHz: EMPTY_RATE_HZ, deterministic: true };
    yield { type: 'mark', piece: 0, samples: MAX_SAMPLES };
    yield { type: 'audio', pcm: silence.subarray(0, 4096) };
  }
  await once(signal, 'abort');
  appendFileSync(file, `${process.hrtime.bigint()}\n`);
}

function samplesOf(text: string): number {
  return Math.min(MAX_SAMPLES, Number(text.split(' ')[1] ?? 0));
}

async function* answer(
  request: SynthesisRequest,
  context: JobContext,
): AsyncGenerator<SpeechEvent> {
  if (request.text === HOLD) await once(context.signal, 'abort');
  const [kind, when = '', file = ''] = request.text.split(' ');
  if (kind === LEAVE) yield* leave(when, file, context.signal);
  const samples = samplesOf(request.text);
  yield { type: 'start', sampleRateHz: EMPTY_RATE_HZ, deterministic: true };
  yield { type: 'mark', piece: 0, samples };
  yield { type: 'audio', pcm: silence.subarray(0, samples * Float32Array.BYTES_PER_ELEMENT) };
  const audioSeconds = samples / EMPTY_RATE_HZ;
  yield { type: 'usage', usage: { characters: request.text.length, audioSeconds } };
  yield { type: 'done' };
}

/** A speech engine that answers at once and computes nothing: what is left is the way to it. */
export const emptyEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./empty-replica.js', import.meta.url),
  async open() {
    return { synthesize: answer, close: async () => {} };
  },
};
