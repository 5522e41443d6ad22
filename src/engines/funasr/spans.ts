import type { SpeechSpan } from '../vad/span.js';

const SAMPLE_RATE_HZ = 16_000;
/** What these models are given at once at most: they were trained on utterances, not on hours. */
const MAX_SPAN_SAMPLES = 30 * SAMPLE_RATE_HZ;
/** Peak under which a span is taken for silence: −72 dB, the noise of 16-bit rounding. */
const SILENCE_PEAK = 8;

/**
 * The spans of a file that are worth hearing, in order. The one place that decides where long audio is
 * cut: every 30 s for now; a voice detector's answer goes here.
 */
export async function* spansOf(samples: number): AsyncGenerator<SpeechSpan> {
  for (let fromSample = 0; fromSample < samples; fromSample += MAX_SPAN_SAMPLES) {
    yield { fromSample, toSample: Math.min(fromSample + MAX_SPAN_SAMPLES, samples) };
  }
}

/** Whether a span has nothing to hear, which spares the network's work and its inventions. */
export function isSilent(pcm: Int16Array): boolean {
  return pcm.every((sample) => Math.abs(sample) <= SILENCE_PEAK);
}
