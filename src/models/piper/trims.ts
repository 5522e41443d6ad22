import { type FrameRange, widened } from './frame-range.js';

/**
 * A place inside the decoder at which it drops what the samples of a window no longer depend on. Each
 * upsampling multiplies the work for a frame, and lessens how many frames of context it needs.
 */
export interface Trim {
  /** Length of a frame at this place. */
  readonly samplesPerFrame: number;
  /** Frames that are kept on each side of the window, where there are so many. */
  readonly contextFrames: number;
}

/** Keeps everything: the context of a trim that was not measured yet. */
export const WHOLE_CONTEXT_FRAMES = Number.MAX_SAFE_INTEGER;

/** A value for an input of the decoder, an i64 [1]. */
export interface TrimInput {
  readonly name: string;
  readonly value: number;
}

/** A window of the decoder with its trims. */
export interface TrimmedWindow {
  readonly inputs: readonly TrimInput[];
  /** The frames whose samples come out, as seen from the first that goes in. */
  readonly seen: FrameRange;
}

/** Names of the inputs that say where the trim of that number begins and ends. */
export function trimNames(index: number): { readonly from: string; readonly to: string } {
  return { from: `trim_${index}_from`, to: `trim_${index}_to` };
}

/**
 * What to tell the decoder for a window.
 * @param window Seen from the first frame that goes in.
 * @param frames How many go in.
 * @param trims From the latent to the audio.
 */
export function trimWindow(
  window: FrameRange,
  frames: number,
  trims: readonly Trim[],
): TrimmedWindow {
  const inputs: TrimInput[] = [];
  let seen: FrameRange = { from: 0, to: frames };
  for (const [index, { samplesPerFrame, contextFrames }] of trims.entries()) {
    const wanted = widened(window, contextFrames, frames);
    // What an earlier trim dropped is gone.
    const kept = { from: Math.max(wanted.from, seen.from), to: Math.min(wanted.to, seen.to) };
    const names = trimNames(index);
    inputs.push({ name: names.from, value: (kept.from - seen.from) * samplesPerFrame });
    inputs.push({ name: names.to, value: (kept.to - seen.from) * samplesPerFrame });
    seen = kept;
  }
  return { inputs, seen };
}
