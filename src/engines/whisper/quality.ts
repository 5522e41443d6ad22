/** When what was heard is good enough; source of the rules: `whisper/transcribe.py`. */
import { deflateSync } from 'node:zlib';

import type { WindowResult } from './steps.js';

/** A window is no speech if the model says so and is not sure of its text. */
const NO_SPEECH_PROB = 0.6;
const SURE_LOGPROB = -1;
/** Text that compresses better than this repeats itself. */
const MAX_COMPRESSION_RATIO = 2.4;
/** Letters and digits are spoken, marks are not. */
const SPOKEN = /[\p{L}\p{N}]/u;
const UNSPOKEN = /[^\p{L}\p{M}\p{N}]+/gu;
/** How much further each attempt goes from the likeliest text, and how far. */
const TEMPERATURE_STEP = 0.2;
const MAX_TEMPERATURE = 1;

/** How much shorter zlib makes a text: repetitions show as a high ratio. */
export function compressibility(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length;
}

/** Whether a text says something; without a letter or a digit it is what noise is heard as. */
export function isSpoken(text: string): boolean {
  return SPOKEN.test(text);
}

/** Whether a window holds no speech, whatever was written down. */
export function isNoSpeech({ noSpeechProb, avgLogprob }: WindowResult): boolean {
  return noSpeechProb > NO_SPEECH_PROB && avgLogprob < SURE_LOGPROB;
}

/** Whether a text says the same again and again. */
export function isRepetitive({ looped }: WindowResult, text: string): boolean {
  return looped || compressibility(text) > MAX_COMPRESSION_RATIO;
}

/** Whether the model was sure of its text and ended it by itself. */
export function isSure({ avgLogprob, looped }: WindowResult): boolean {
  return avgLogprob >= SURE_LOGPROB && !looped;
}

/** Whether nothing better need be tried. */
export function isGood(result: WindowResult, text: string): boolean {
  if (isNoSpeech(result)) return true;
  return isSure(result) && !isRepetitive(result, text);
}

/** Whether two texts differ in case and punctuation at most. */
export function sameWords(one: string, other: string): boolean {
  return bare(one) === bare(other);
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(UNSPOKEN, '');
}

/** The temperatures to try, beginning with the one that was asked for. */
export function temperaturesFrom(first: number): number[] {
  const steps = Math.floor((MAX_TEMPERATURE - first) / TEMPERATURE_STEP + 1e-6);
  return Array.from({ length: steps + 1 }, (_, i) =>
    Number((first + i * TEMPERATURE_STEP).toFixed(3)),
  );
}
