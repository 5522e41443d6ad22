/** Samples below this count as silence (−54 dB of full scale). */
const SILENCE_LEVEL = 0.002;
/** Kept around the sound, so that soft consonants and releases are not cut. */
const MARGIN_SECONDS = 0.03;

/** Whether a sample in −1…1 is loud enough to be heard. */
function isSound(sample: number): boolean {
  return Math.abs(sample) > SILENCE_LEVEL;
}

/**
 * The first audible sample, counted from 0; −1 if there is none.
 * @param samples Mono samples in −1…1.
 */
export function firstSound(samples: Float32Array): number {
  return samples.findIndex(isSound);
}

/**
 * The part of a recording between its first and last sound, with a small margin.
 * @param samples Mono samples in −1…1.
 * @returns A view of the same memory; all of it if it holds no sound.
 */
export function trimSilence(samples: Float32Array, sampleRateHz: number): Float32Array {
  const first = firstSound(samples);
  if (first < 0) return samples;
  const last = samples.findLastIndex(isSound);
  const margin = Math.round(MARGIN_SECONDS * sampleRateHz);
  return samples.subarray(Math.max(0, first - margin), last + 1 + margin);
}
