import type { SpeechSpan } from './span.js';
import { VAD_RATE_HZ } from './vad-state.js';

/**
 * Which of two pieces a time belongs to where they meet: what starts there is in the later one, what
 * ends there in the earlier one.
 */
export type Edge = 'start' | 'end';

/** From the time in a window made of pieces of a file to the time in the file, and back; exact. */
export class TimeMap {
  /** Length of the window. */
  readonly samples: number;
  /** Where in the window a new piece begins, but for the first. */
  readonly joints: readonly number[];
  readonly #pieces: readonly PlacedPiece[];

  /** @param pieces Of the file, in order and disjoint; at least one. */
  constructor(pieces: readonly SpeechSpan[]) {
    let at = 0;
    this.#pieces = pieces.map(({ fromSample, toSample }) => {
      const placed = { fromSample, toSample, at };
      at += toSample - fromSample;
      return placed;
    });
    this.samples = at;
    this.joints = this.#pieces.slice(1).map((piece) => piece.at);
  }

  /** Sample of the file; a sample outside the window is taken for its nearest end. */
  toFile(windowSample: number, edge: Edge = 'start'): number {
    const inside = Math.min(Math.max(windowSample, 0), this.samples);
    const piece = this.#pieces.findLast(({ at }) =>
      edge === 'start' ? at <= inside : at < inside,
    );
    const { fromSample, at } = piece ?? this.#pieces[0] ?? NOWHERE;
    return fromSample + inside - at;
  }

  /** Sample of the window; what the window left out is taken for the joint there, or for an end. */
  toWindow(fileSample: number): number {
    const piece = this.#pieces.findLast(({ fromSample }) => fromSample <= fileSample);
    if (!piece) return 0;
    return piece.at + Math.min(fileSample, piece.toSample) - piece.fromSample;
  }

  /** Seconds in the file, for seconds in the window; to the sample. */
  toFileSeconds(windowSeconds: number, edge: Edge = 'start'): number {
    return this.toFile(Math.round(windowSeconds * VAD_RATE_HZ), edge) / VAD_RATE_HZ;
  }

  /** Seconds in the window, for seconds in the file; to the sample. */
  toWindowSeconds(fileSeconds: number): number {
    return this.toWindow(Math.round(fileSeconds * VAD_RATE_HZ)) / VAD_RATE_HZ;
  }
}

/** A piece, and the sample of the window that it begins at. */
interface PlacedPiece extends SpeechSpan {
  readonly at: number;
}

const NOWHERE: PlacedPiece = { fromSample: 0, toSample: 0, at: 0 };
