import { type SpeechSpan, spanLength } from './span.js';
import { TimeMap } from './time-map.js';
import { VAD_RATE_HZ } from './vad-state.js';

/** How windows are filled. */
export interface PackingOptions {
  /** Longest window in samples at 16 kHz. */
  readonly maxWindowSamples: number;
  /** Of the silence between two spans, this much stays; the middle goes. */
  readonly maxGapSamples: number;
}

/** Whisper's 30 s; and a fifth of a second, which is heard as the end of a phrase. */
export const WHISPER_PACKING: PackingOptions = {
  maxWindowSamples: 30 * VAD_RATE_HZ,
  maxGapSamples: VAD_RATE_HZ / 5,
};

/** Audio to recognize in one go: pieces of the file, one after another without anything between. */
export interface PackedWindow {
  /** In the file's time, in order, none touching the next. */
  readonly pieces: readonly SpeechSpan[];
  /** Length of all pieces. */
  readonly samples: number;
  /** From the window's time to the file's and back. */
  readonly times: TimeMap;
}

/**
 * Packs spans of speech into windows while they come: as many in a row as fit, with a little of the
 * silence between them. No sample of a span is lost or heard twice.
 */
export class WindowPacker {
  readonly #options: PackingOptions;
  #pieces: SpeechSpan[] = [];
  #samples = 0;

  constructor(options: PackingOptions = WHISPER_PACKING) {
    this.#options = options;
  }

  /**
   * Takes the next span; returns the windows that are full.
   * @param span Begins where the last one ended, or later. Longer than a window: it is cut hard.
   */
  push(span: SpeechSpan): PackedWindow[] {
    return cutHard(span, this.#options.maxWindowSamples).flatMap((part) => this.#add(part));
  }

  /** Returns the window that is not full, if there is one; begins anew. */
  finish(): PackedWindow[] {
    if (this.#pieces.length === 0) return [];
    const window = packed(this.#pieces);
    this.#pieces = [];
    this.#samples = 0;
    return [window];
  }

  #add(span: SpeechSpan): PackedWindow[] {
    const last = this.#pieces.at(-1);
    const gap = last ? span.fromSample - last.toSample : 0;
    const kept = Math.min(gap, this.#options.maxGapSamples);
    const samples = this.#samples + kept + spanLength(span);
    const full = samples > this.#options.maxWindowSamples ? this.finish() : [];
    if (!last || full.length > 0) {
      this.#pieces = [span];
      this.#samples = spanLength(span);
      return full;
    }
    this.#pieces.splice(-1, 1, ...joined(last, span, kept));
    this.#samples = samples;
    return [];
  }
}

/** Two spans with so much of the silence between them: one piece if that is all of it. */
function joined(first: SpeechSpan, second: SpeechSpan, kept: number): SpeechSpan[] {
  if (second.fromSample - first.toSample === kept) {
    return [{ fromSample: first.fromSample, toSample: second.toSample }];
  }
  const after = Math.floor(kept / 2);
  return [
    { fromSample: first.fromSample, toSample: first.toSample + after },
    { fromSample: second.fromSample - (kept - after), toSample: second.toSample },
  ];
}

function cutHard(span: SpeechSpan, maxSamples: number): SpeechSpan[] {
  const parts: SpeechSpan[] = [];
  for (let from = span.fromSample; from < span.toSample; from += maxSamples) {
    parts.push({ fromSample: from, toSample: Math.min(span.toSample, from + maxSamples) });
  }
  return parts;
}

function packed(pieces: readonly SpeechSpan[]): PackedWindow {
  const times = new TimeMap(pieces);
  return { pieces, samples: times.samples, times };
}
