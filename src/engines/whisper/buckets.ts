import type { ModelCard } from '../../models/card.js';
import { bucketsOf } from '../buckets.js';
import { WINDOW_FRAMES } from './window-size.js';

/** Lengths that a model's graphs are run with on a GPU. */
export interface WhisperBuckets {
  /** Frames that the encoder sees, with the silence after the speech. */
  readonly windowFrames: readonly number[];
  /**
   * Windows that are decoded together. Batches are not padded: the decoder has no convolutions, so
   * that the sizes in between cost no search for kernels.
   */
  readonly batch: readonly number[];
}

/**
 * Guesses at live speech have 2 to 6 s, utterances 4 to 10, windows of files 8 to 18. The silence that
 * was encoded before is for windows of up to 1,800 frames, and is itself encoded with 2,400.
 */
const WINDOW_LENGTHS = [200, 300, 400, 600, 800, 1000, 1200, 1400, 1800, 2400, WINDOW_FRAMES];
const BATCH_SIZES = [1, 2, 4, 8];

/** The lengths of a model: the card's, else those that suit windows as this engine cuts them. */
export function whisperBuckets(card: Pick<ModelCard, 'buckets'>): WhisperBuckets {
  return bucketsOf(card, { windowFrames: WINDOW_LENGTHS, batch: BATCH_SIZES });
}
