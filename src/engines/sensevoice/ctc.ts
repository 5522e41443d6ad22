import { bestOf, logprobOf } from '../funasr/scores.js';

/** A piece and the frames that it was heard in. */
export interface CtcToken {
  readonly id: number;
  readonly fromFrame: number;
  /** Without this one. */
  readonly toFrame: number;
  readonly logprob: number;
}

/** Scores of a network that was trained with CTC. */
export interface CtcScores {
  /** [frames, vocabulary], row-major. */
  readonly values: Float32Array;
  readonly frames: number;
  readonly vocabulary: number;
  /** The piece that means nothing. */
  readonly blank: number;
}

/**
 * The likeliest piece of each frame, equal neighbours as one, blanks left out (Graves et al.,
 * "Connectionist Temporal Classification", 2006, best path decoding).
 */
export function decodeCtc({ values, frames, vocabulary, blank }: CtcScores): CtcToken[] {
  const tokens: CtcToken[] = [];
  let before = blank;
  for (let frame = 0; frame < frames; frame++) {
    const row = { values, from: frame * vocabulary, length: vocabulary };
    const id = bestOf(row);
    const last = tokens.at(-1);
    if (id !== blank && id === before && last) {
      tokens[tokens.length - 1] = { ...last, toFrame: frame + 1 };
    } else if (id !== blank) {
      tokens.push({ id, fromFrame: frame, toFrame: frame + 1, logprob: logprobOf(row, id) });
    }
    before = id;
  }
  return tokens;
}
