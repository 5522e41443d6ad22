import assert from 'node:assert/strict';

import type { CheckBed, Figures } from '../bed.js';
import { SPEECHES } from '../bed.js';
import { compareSpeech, type Sameness } from '../sameness.js';

/** Where samples are so equal, nothing else is asked for. */
const SAME_SNR_DB = 30;
/**
 * Half precision may round a duration the other way, and then every later sample is moved: what
 * stays is the loudness of the bands. Piper with another seed is 3.0 dB away (measured on the CPU), and
 * speech with 6 ms repeated in its middle 1.0 to 1.2 dB.
 */
const SAME_MEL_DB = 1.5;
const SAME_LENGTH = 0.02;

function isSame({ lengthRatio, snrDb, melDb }: Sameness): boolean {
  if (Math.abs(lengthRatio - 1) > SAME_LENGTH) return false;
  return snrDb >= SAME_SNR_DB || melDb <= SAME_MEL_DB;
}

/** Piper and Kokoro speak as they do on the CPU: the same text, voice and seed. */
export async function checkSpeech(bed: CheckBed): Promise<Figures> {
  const speech = await bed.speech();
  const results = SPEECHES.map(({ model }, at) => {
    const reference = bed.reference.speech[at] ?? new Int16Array();
    return { model, ...compareSpeech(reference, speech[at] ?? new Int16Array()) };
  });
  for (const result of results) assert.ok(isSame(result), JSON.stringify(result));
  return { results };
}

/** Whisper writes what it writes on the CPU, word for word. */
export async function checkTexts(bed: CheckBed): Promise<Figures> {
  const texts = await bed.texts();
  assert.deepEqual(texts, bed.reference.texts);
  return { files: Object.keys(texts).length };
}
