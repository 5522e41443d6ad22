import { floatToS16, s16Bytes } from '../../audio/pcm.js';
import { streamedWavHeader } from '../../audio/wav-header.js';
import type { StreamEncoder } from './encoder.js';

/** Signed 16-bit little-endian samples without a header. */
export function createPcmEncoder(): StreamEncoder {
  return {
    push: (samples) => (samples.length === 0 ? [] : [s16Bytes(floatToS16(samples))]),
    finish: () => [],
    free: () => {},
  };
}

/** The same samples after one WAV header, which leaves with the first of them. */
export function createWavEncoder(sampleRateHz: number): StreamEncoder {
  const pcm = createPcmEncoder();
  let header: Uint8Array[] = [streamedWavHeader(sampleRateHz)];
  const withHeader = (bytes: Uint8Array[]): Uint8Array[] => {
    const out = [...header, ...bytes];
    header = [];
    return out;
  };
  return {
    push: (samples) => withHeader(pcm.push(samples)),
    finish: () => withHeader([]),
    free: () => {},
  };
}
