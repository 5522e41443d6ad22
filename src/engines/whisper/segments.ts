/**
 * From a window's tokens to segments and the place where the next window starts. Source of the seek
 * rule: `whisper/transcribe.py` of OpenAI's Whisper.
 */
import type { WhisperTokens } from '../../models/whisper/info.js';

/** 10 ms frames that one step of a timestamp token spans. */
const FRAMES_PER_TIMESTAMP = 2;

/** A run of tokens between two timestamps; times in 10 ms frames from the start of the window. */
export interface TokenSegment {
  readonly startFrame: number;
  readonly endFrame: number;
  readonly tokens: readonly number[];
  /** Place of its first token in the window. */
  readonly at: number;
}

/** A window taken apart. */
export interface SplitWindow {
  readonly segments: readonly TokenSegment[];
  /** How far the next window starts after this one; at least one frame. */
  readonly advanceFrames: number;
}

/**
 * Splits a window where an end meets a start. Text after the last full segment is heard again by
 * the next window, which starts at that segment's end, unless the window ends with a lone
 * timestamp: then nothing is spoken after it.
 */
export function splitWindow(
  tokens: readonly number[],
  { timestampBegin }: Pick<WhisperTokens, 'timestampBegin'>,
  frames: number,
): SplitWindow {
  const isTimestamp = (index: number) => (tokens[index] ?? -1) >= timestampBegin;
  const frameAt = (index: number) => {
    const steps = Math.max(0, (tokens[index] ?? 0) - timestampBegin);
    return Math.min(steps * FRAMES_PER_TIMESTAMP, frames);
  };
  const segment = (start: number, end: number, endFrame: number): TokenSegment => {
    return { startFrame: frameAt(start), endFrame, tokens: tokens.slice(start, end), at: start };
  };
  const last = tokens.length - 1;
  const cuts = tokens.flatMap((_, i) => (isTimestamp(i) && isTimestamp(i - 1) ? [i] : []));
  if (cuts.length === 0) {
    if (tokens.length === 0) return { segments: [], advanceFrames: frames };
    const closed = tokens.findLastIndex((_, i) => i > 0 && isTimestamp(i));
    const endFrame = closed === -1 ? frames : frameAt(closed);
    return { segments: [segment(0, tokens.length, endFrame)], advanceFrames: frames };
  }
  const loneEnd = isTimestamp(last) && !isTimestamp(last - 1);
  const ends = loneEnd ? [...cuts, tokens.length] : cuts;
  const segments = ends.map((end, i) => segment(ends[i - 1] ?? 0, end, frameAt(end - 1)));
  const heard = segments.at(-1)?.endFrame ?? 0;
  return { segments, advanceFrames: loneEnd || heard === 0 ? frames : heard };
}
