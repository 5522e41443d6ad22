import { ChorusError } from '../../protocol/errors.js';
import type { TranscriptionRequest } from '../../protocol/requests.js';
import { SpeechFile } from '../speech-file.js';
import type { SpeechSpan } from '../vad/span.js';

const SAMPLE_RATE_HZ = 16_000;
/** What these models are given at once at most: they were trained on utterances, not on hours. */
const MAX_SPAN_SAMPLES = 30 * SAMPLE_RATE_HZ;
/** Peak under which a span is taken for silence: −72 dB, the noise of 16-bit rounding. */
const SILENCE_PEAK = 8;

/** A span, and its samples at 16 kHz. */
export interface ReadSpan {
  readonly span: SpeechSpan;
  readonly pcm: Int16Array;
}

/**
 * Reads a request's file span by span, as they are asked for; what is silent is passed over.
 * @throws ChorusError `canceled`, or why else the signal aborted.
 */
export async function* readSpans(
  { pcmPath, samples }: Pick<TranscriptionRequest, 'pcmPath' | 'samples'>,
  signal: AbortSignal,
): AsyncGenerator<ReadSpan> {
  const file = await SpeechFile.open(pcmPath, samples);
  try {
    for (const span of spansOf(samples)) {
      if (signal.aborted) throw ChorusError.ofAbort(signal);
      const pcm = await file.read([span]);
      if (!isSilent(pcm)) yield { span, pcm };
    }
  } finally {
    await file.close();
  }
}

/**
 * The spans of a file, in order. The one place that decides where long audio is
 * cut: every 30 s for now; a voice detector's answer goes here.
 */
function* spansOf(samples: number): Generator<SpeechSpan> {
  for (let fromSample = 0; fromSample < samples; fromSample += MAX_SPAN_SAMPLES) {
    yield { fromSample, toSample: Math.min(fromSample + MAX_SPAN_SAMPLES, samples) };
  }
}

/** Whether a span has nothing to hear, which spares the network's work and its inventions. */
function isSilent(pcm: Int16Array): boolean {
  return pcm.every((sample) => Math.abs(sample) <= SILENCE_PEAK);
}
