import { textOf } from '../../test/workers/empty-engine.js';

/** The route that is measured, and the worker's own behind it. */
export const SPEECH_ROUTE = '/v1/audio/speech';
export const WORKER_ROUTE = '/speech';

/** A model of the empty engine, under the id of the scripted card. */
export const EMPTY_MODEL = 'scripted';
const VOICE = 'joe';

const S16_BYTES = 2;
const F32_BYTES = 4;

/** What a client sends for an answer of so many bytes of 16-bit PCM. */
export function speechBody(answerBytes: number): string {
  return speechBodyOf(textOf(answerBytes / S16_BYTES));
}

/** What a client sends to have a text spoken. */
export function speechBodyOf(input: string): string {
  return JSON.stringify({ model: EMPTY_MODEL, input, voice: VOICE, response_format: 'pcm' });
}

/** What the supervisor sends to a worker for such an answer. */
export function workerBody(answerBytes: number): string {
  return workerBodyOf(answerBytes / S16_BYTES);
}

/** What a proxy passes to a worker so that the worker's own answer has so many bytes of audio. */
export function proxiedBody(answerBytes: number): string {
  return workerBodyOf(answerBytes / F32_BYTES);
}

function workerBodyOf(samples: number): string {
  return JSON.stringify({ model: EMPTY_MODEL, text: textOf(samples), voice: VOICE, speed: 1 });
}
