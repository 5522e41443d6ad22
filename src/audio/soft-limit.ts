/** Where the limiter begins; below it samples stay as they are. */
const KNEE = 0.8;

/**
 * Bends peaks softly, so that all samples lie within −1…1 and none is clipped. It looks at one sample
 * at a time, so windows of a stream have equal levels.
 */
export function softLimited(sample: number): number {
  const excess = Math.abs(sample) - KNEE;
  if (excess <= 0) return sample;
  const room = 1 - KNEE;
  return Math.sign(sample) * (KNEE + room * Math.tanh(excess / room));
}
