import type { SpanRules } from './open-span.js';
import type { SpeechSpan } from './span.js';
import { SpanDetector } from './span-detector.js';
import { SpanPadder } from './span-padder.js';
import { VAD_RATE_HZ, VAD_WINDOW_SAMPLES } from './vad-state.js';

/** What counts as speech. The names and meanings are those of Silero's `get_speech_timestamps`. */
export interface SpeechSpanOptions {
  /** Probability from which a window is speech, 0–1. */
  readonly threshold: number;
  /** Probability under which speech pauses; absent = `threshold` − 0.15, at least 0.01. */
  readonly endThreshold?: number;
  /** What is no longer than this is dropped, unless it is the rest of a span that was cut. */
  readonly minSpeechMs: number;
  /** A pause this long ends a span. */
  readonly minSilenceMs: number;
  /** Silence that a span keeps on each side; neighbours share what lies between them. */
  readonly paddingMs: number;
  /** Longer speech is cut in its longest pause, else where it is least likely speech. */
  readonly maxSpanSeconds: number;
}

/**
 * For windows of Whisper. Pauses of 160 ms and paddings of 400 ms are what faster-whisper's batched
 * pipeline has. The least speech is three windows: with Silero's own 250 ms a lone word of one
 * syllable is lost, and neither noise nor clicks make the network hear even one window of speech.
 */
export const DEFAULT_SPEECH_SPANS: SpeechSpanOptions = {
  threshold: 0.5,
  minSpeechMs: 64,
  minSilenceMs: 160,
  paddingMs: 400,
  maxSpanSeconds: 30,
};

const SAMPLES_PER_MS = VAD_RATE_HZ / 1000;
/** How far under the threshold speech may fall before it pauses, and the least that this gives. */
const HYSTERESIS = 0.15;
const MIN_END_THRESHOLD = 0.01;

/** The probability under which speech that began at `threshold` pauses; Silero's rule. */
export function endThresholdOf(threshold: number): number {
  return Math.max(threshold - HYSTERESIS, MIN_END_THRESHOLD);
}

/**
 * Turns probabilities of speech into spans while they come: ordered, disjoint, inside the audio,
 * none longer than the maximum. A span comes out once nothing can change it any more. What is kept
 * does not grow with the audio, and how the probabilities are cut into calls changes no span.
 *
 * Spans are those of Silero's `get_speech_timestamps` but for this: a pause at the end of the audio
 * belongs to no span, speech without a pause is cut where it is least likely speech instead of where
 * it has become too long, and what is left after a cut is kept however short.
 */
export class SpeechSpans {
  readonly #detector: SpanDetector;
  readonly #padder: SpanPadder;

  /** @throws RangeError if the longest span has no room for its paddings and two windows. */
  constructor(options: SpeechSpanOptions = DEFAULT_SPEECH_SPANS) {
    const rules = rulesOf(options);
    if (!(rules.maxSamples >= 2 * VAD_WINDOW_SAMPLES)) {
      throw new RangeError('The longest span must be 64 ms longer than two paddings.');
    }
    this.#detector = new SpanDetector(rules);
    this.#padder = new SpanPadder(paddingOf(options));
  }

  /** Takes the next windows' probabilities; returns the spans that they make final. */
  push(probabilities: Float32Array | readonly number[]): SpeechSpan[] {
    const spans: SpeechSpan[] = [];
    for (const probability of probabilities) {
      for (const found of this.#detector.push(probability)) spans.push(...this.#padder.push(found));
    }
    spans.push(...this.#padder.settle(this.#detector.silentUntil));
    return spans;
  }

  /**
   * Ends the audio and returns the last spans.
   * @param samples Length of the audio; the last window may be longer than what was left of it.
   */
  finish(samples: number): SpeechSpan[] {
    const spans = this.#detector.finish(samples).flatMap((found) => this.#padder.push(found));
    return [...spans, ...this.#padder.finish(samples)];
  }
}

function rulesOf(options: SpeechSpanOptions): SpanRules {
  const { threshold, endThreshold = endThresholdOf(threshold) } = options;
  return {
    threshold,
    endThreshold,
    minSpeechSamples: options.minSpeechMs * SAMPLES_PER_MS,
    minSilenceSamples: options.minSilenceMs * SAMPLES_PER_MS,
    maxSamples: Math.floor(options.maxSpanSeconds * VAD_RATE_HZ) - 2 * paddingOf(options),
  };
}

function paddingOf({ paddingMs }: SpeechSpanOptions): number {
  return Math.round(paddingMs * SAMPLES_PER_MS);
}
