import { WavReader } from '../../audio/wav-reader.js';
import type { StreamDecoder } from './decoder.js';

/** Decodes WAV files. */
export function createWavDecoder(): StreamDecoder {
  const reader = new WavReader();
  return {
    push: (bytes) => reader.push(bytes),
    finish() {
      reader.finish();
      return [];
    },
    free: () => {},
  };
}
