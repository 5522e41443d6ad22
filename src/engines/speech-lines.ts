import type { SpokenPiece } from '../speech/script.js';
import type { SpokenBefore } from '../protocol/requests.js';
import { silentUtterance, type Utterance } from './utterance.js';

/** An utterance at its place in the text. */
export interface Line {
  /** Its number in the request, from 0: what a resume point calls a piece. */
  readonly index: number;
  readonly piece: SpokenPiece;
  /** Silence before it. */
  readonly pauseSamples: number;
  readonly utterance: Utterance;
}

/** What lines are made of. */
export interface LinesOptions {
  readonly sampleRateHz: number;
  readonly pieces: readonly SpokenPiece[];
  /** The voice's own pause between two sentences. */
  readonly pauseSeconds: number;
  /** What the text goes on after. */
  readonly follows?: SpokenBefore | undefined;
  /**
   * Utterances of a piece, more than one if it is very long; none if nothing in it can be spoken.
   * @param firstIndex Number of the first of them among all of the request.
   */
  prepare(piece: SpokenPiece, firstIndex: number): Promise<readonly Utterance[]>;
}

/**
 * The utterances of a text one after another, each prepared when it is asked for. A pause belongs to
 * what comes after it; only one that markup wants at the end is a line of its own.
 */
export async function* linesOf(options: LinesOptions): AsyncGenerator<Line, undefined> {
  const { sampleRateHz, pieces, pauseSeconds, follows } = options;
  const first = follows?.pieces ?? 0;
  let index = first;
  let pause = { seconds: follows?.endsSentence === true ? pauseSeconds : 0, isWanted: false };
  for (const piece of pieces) {
    for (const utterance of await options.prepare(piece, index)) {
      const pauseSamples = Math.round(pause.seconds * sampleRateHz);
      yield { index, piece, pauseSamples, utterance };
      index += 1;
      pause = { seconds: 0, isWanted: false };
    }
    pause = pauseAfter(piece, { before: pause, isFirst: index === 0, pauseSeconds });
  }
  const last = pieces.at(-1);
  if (index === first || !pause.isWanted || !last) return undefined;
  const samples = Math.round(pause.seconds * sampleRateHz);
  yield { index, piece: last, pauseSamples: 0, utterance: silentUtterance(samples, sampleRateHz) };
  return undefined;
}

interface Pause {
  readonly seconds: number;
  /** Whether markup asked for it. */
  readonly isWanted: boolean;
}

interface Around {
  readonly before: Pause;
  readonly isFirst: boolean;
  readonly pauseSeconds: number;
}

/** Pauses that markup wants add up; the voice's own one gives way to them. */
function pauseAfter(piece: SpokenPiece, { before, isFirst, pauseSeconds }: Around): Pause {
  if (piece.pauseSeconds !== undefined) {
    const earlier = before.isWanted ? before.seconds : 0;
    return { seconds: earlier + piece.pauseSeconds, isWanted: true };
  }
  // Nothing was said before a text's first words: there is nothing to pause after.
  if (before.isWanted || isFirst || !piece.endsSentence) return before;
  return { seconds: Math.max(before.seconds, pauseSeconds), isWanted: false };
}
