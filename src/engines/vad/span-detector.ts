import { OpenSpan, type SpanRules } from './open-span.js';
import type { SpeechSpan } from './span.js';
import { VAD_WINDOW_SAMPLES } from './vad-state.js';

/** Finds spans of speech window by window, without padding. */
export class SpanDetector {
  readonly #rules: SpanRules;
  #windows = 0;
  #open: OpenSpan | undefined;

  constructor(rules: SpanRules) {
    this.#rules = rules;
  }

  /** No span that has not come out yet begins before this sample, and the audio goes on beyond it. */
  get silentUntil(): number {
    // The last window may reach beyond the end of the audio.
    return this.#open?.from ?? Math.max(0, this.#windows - 1) * VAD_WINDOW_SAMPLES;
  }

  push(probability: number): SpeechSpan[] {
    const window = { probability, at: this.#windows * VAD_WINDOW_SAMPLES };
    this.#windows += 1;
    if (!this.#open) {
      if (probability >= this.#rules.threshold) this.#open = new OpenSpan(this.#rules, window.at);
      return [];
    }
    const cuts = this.#open.hear(window);
    return this.#open.isOver(window) ? [...cuts, ...this.#close(this.#open.end)] : cuts;
  }

  finish(samples: number): SpeechSpan[] {
    const end = this.#open?.end ?? this.#windows * VAD_WINDOW_SAMPLES;
    return this.#close(Math.min(samples, end));
  }

  #close(end: number): SpeechSpan[] {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return [];
    const isSpeech = open.isRest || end - open.from > this.#rules.minSpeechSamples;
    return isSpeech ? [{ fromSample: open.from, toSample: end }] : [];
  }
}
