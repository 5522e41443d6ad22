import { softLimited } from '../../audio/soft-limit.js';

/**
 * Gain of every voice. A fixed one, because a peak-normalised sentence could only leave once all of
 * it is there; joe's sentences peak at 0.42–0.68, so this brings them near full scale.
 */
const GAIN = 1.5;

/** Brings samples to a common level, in place; peaks are bent softly and stay within −1…1. */
export function makeAudible(samples: Float32Array): Float32Array {
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = softLimited(GAIN * (samples[index] ?? 0));
  }
  return samples;
}
