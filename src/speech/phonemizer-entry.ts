/** Entry of the phonemizer's thread. */
import { parentPort } from 'node:worker_threads';

import { closeClauses } from './clauses.js';
import { Espeak } from './espeak.js';
import type { PhonemeAnswer, PhonemeQuestion } from './phonemizer-thread.js';

const espeak = await Espeak.load();

parentPort?.on('message', ({ id, text, voice }: PhonemeQuestion) => {
  parentPort?.postMessage(answer(id, text, voice));
});
parentPort?.postMessage('loaded');

function answer(id: number, text: string, voice: string): PhonemeAnswer {
  try {
    return { id, clauses: closeClauses(text, (part) => espeak.clauses(part, voice)) };
  } catch (caught) {
    return { id, failure: caught instanceof Error ? caught.message : String(caught) };
  }
}
