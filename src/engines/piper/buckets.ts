import type { WindowedCut } from '../../models/piper/cut-file.js';
import type { ModelCard } from '../../models/card.js';
import { assertHolds, bucketsOf, upTo } from '../buckets.js';
import { maxIds, type PhonemeIdMap } from './phoneme-ids.js';
import { LONGEST_WINDOW_FRAMES, SECTION_FRAMES } from './windows.js';

/** Bounds one utterance: some 30 s of speech at the voice's own pace, more than a sentence has. */
export const MAX_PHONEMES = 400;

/** Lengths that the front of a voice, or all of one that was not cut, is run with. */
export interface TextBuckets {
  /** Phoneme ids of an utterance, pads, begin and end among them. */
  readonly phonemeIds: readonly number[];
}

/** Lengths that the three graphs of a voice are run with. */
export interface PiperBuckets extends TextBuckets {
  /** Frames that the flow sees: a section with the context of flow and decoder. */
  readonly flowFrames: readonly number[];
  /** Frames that the decoder sees: a window with its context. */
  readonly decoderFrames: readonly number[];
}

type BucketCard = Pick<ModelCard, 'id' | 'buckets'>;
type Contexts = Pick<WindowedCut, 'flowContextFrames' | 'decoderContextFrames'>;

const PHONEME_IDS = [64, 128, 192, 256, 384, 512];
/** A request opens with the first; a sentence of two to five seconds has one of the others. */
const FLOW_FRAMES = [96, 160, 224, 304, 384];
/** The opening, an utterance that is opened whole, and windows of the usual lengths. */
const DECODER_FRAMES = [64, 96, 136];

/**
 * The lengths of a voice that speaks whole utterances. How many frames those have is known only inside
 * its graph, so that nothing else can be padded.
 * @throws ChorusError `model_failed` if the card's lists are shorter than steps are.
 */
export function textBuckets(card: BucketCard, map: PhonemeIdMap): TextBuckets {
  const longest = maxIds(MAX_PHONEMES, map);
  assertHolds(card, 'phonemeIds', longest);
  return bucketsOf(card, { phonemeIds: upTo(longest, PHONEME_IDS) });
}

/**
 * The lengths of a voice that was cut.
 * @throws ChorusError `model_failed` if the card's lists are shorter than steps are.
 */
export function piperBuckets(card: BucketCard, cut: Contexts, map: PhonemeIdMap): PiperBuckets {
  const { flowFrames, decoderFrames } = longestFrames(cut);
  assertHolds(card, 'flowFrames', flowFrames);
  assertHolds(card, 'decoderFrames', decoderFrames);
  const frames = bucketsOf(card, {
    flowFrames: upTo(flowFrames, FLOW_FRAMES),
    decoderFrames: upTo(decoderFrames, DECODER_FRAMES),
  });
  return { ...textBuckets(card, map), ...frames };
}

/** A section is made with what its windows' decoders must see beside them. */
function longestFrames({ flowContextFrames, decoderContextFrames }: Contexts) {
  return {
    flowFrames: SECTION_FRAMES + 2 * (decoderContextFrames + flowContextFrames),
    decoderFrames: LONGEST_WINDOW_FRAMES + 2 * decoderContextFrames,
  };
}
