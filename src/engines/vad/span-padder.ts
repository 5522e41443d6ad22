import type { SpeechSpan } from './span.js';

/**
 * Gives spans their silence on both sides. Two that are too near for both to have all of it share
 * what lies between them; so a span waits until its neighbour is known.
 */
export class SpanPadder {
  readonly #padding: number;
  /** The last span, padded at its beginning only. */
  #held: SpeechSpan | undefined;

  /** @param padding Samples on each side. */
  constructor(padding: number) {
    this.#padding = padding;
  }

  /** Takes the next span; returns the one before it. */
  push({ fromSample, toSample }: SpeechSpan): SpeechSpan[] {
    const held = this.#held;
    const gap = held ? fromSample - held.toSample : Number.POSITIVE_INFINITY;
    const padding = Math.min(this.#padding, Math.floor(gap / 2));
    this.#held = { fromSample: Math.max(0, fromSample - padding), toSample };
    return held ? [padded(held, padding)] : [];
  }

  /**
   * Returns the span that waits, if no neighbour can be near.
   * @param silentUntil The next span begins there or later, and the audio goes on until there.
   */
  settle(silentUntil: number): SpeechSpan[] {
    const held = this.#held;
    if (!held || silentUntil < held.toSample + 2 * this.#padding) return [];
    this.#held = undefined;
    return [padded(held, this.#padding)];
  }

  /** @param samples Length of the audio. */
  finish(samples: number): SpeechSpan[] {
    const held = this.#held;
    this.#held = undefined;
    return held ? [padded(held, Math.min(this.#padding, samples - held.toSample))] : [];
  }
}

function padded({ fromSample, toSample }: SpeechSpan, padding: number): SpeechSpan {
  return { fromSample, toSample: toSample + padding };
}
