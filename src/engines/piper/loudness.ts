/**
 * Gain of every voice. A fixed one, because a peak-normalised sentence could only leave once all of
 * it is there; joe's sentences peak at 0.42–0.68, so this brings them near full scale.
 */
const GAIN = 1.5;
/** Where the limiter begins; below it samples are only multiplied. */
const KNEE = 0.8;

/** Brings samples to a common level, in place; peaks are bent softly and stay within −1…1. */
export function makeAudible(samples: Float32Array): Float32Array {
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = limited(GAIN * (samples[index] ?? 0));
  }
  return samples;
}

function limited(sample: number): number {
  const excess = Math.abs(sample) - KNEE;
  if (excess <= 0) return sample;
  const room = 1 - KNEE;
  return Math.sign(sample) * (KNEE + room * Math.tanh(excess / room));
}
