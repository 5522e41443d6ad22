import type { ModelCard } from '../../models/card.js';
import { assertHolds, bucketsOf, upTo } from '../buckets.js';
import { LONGEST_PART_TOKENS } from './cut.js';

/** Lengths of utterances that are spoken before anybody waits. */
export interface KokoroBuckets {
  /** Without the zeros at both ends. */
  readonly tokens: readonly number[];
}

const TOKENS = [20, 40, 60, 90, 120, 160, 200];

/**
 * The lengths of a model. Nothing is padded to them: Kokoro normalises over the whole utterance, so
 * that what is added changes all of it. They only say what is run first.
 * @throws ChorusError `model_failed` if the card's list is shorter than steps are.
 */
export function kokoroBuckets(card: Pick<ModelCard, 'id' | 'buckets'>): KokoroBuckets {
  assertHolds(card, 'tokens', LONGEST_PART_TOKENS);
  return bucketsOf(card, { tokens: upTo(LONGEST_PART_TOKENS, TOKENS) });
}
