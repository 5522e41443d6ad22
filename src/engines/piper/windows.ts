/**
 * How an utterance is cut into what is computed at a time. The cut depends on nothing but the
 * utterance, so that another worker that goes on with it makes the same samples. Frames are those of
 * the voice's latent, `hopSamples` of audio each (11.6 ms at 22.05 kHz).
 */
import type { FrameRange } from '../../models/piper/frame-range.js';

/**
 * The first window of a request: 0.56 s of audio, heard while the next one is computed. With 32 frames
 * one listener in ten ran dry after it, on two cores that eight of them shared (`bench listeners`).
 */
const OPENING_FRAMES = 48;
/** An utterance that is hardly longer than its opening is opened whole. */
const MAX_WHOLE_OPENING_FRAMES = 96;
/**
 * A window is about so long. The decoder trims its context on the way, so that longer windows are hardly
 * cheaper; but they need more memory, and keep others waiting.
 */
const WINDOW_FRAMES = 96;
/** Rounding to whole windows makes none longer than this. */
export const LONGEST_WINDOW_FRAMES = 1.5 * WINDOW_FRAMES - 1;
/** What the flow is run over at a time; it bounds how long a step is, and its memory. */
export const SECTION_FRAMES = 384;

/** Where a request's first window ends. */
export function openingOf(frames: number): FrameRange {
  return { from: 0, to: frames <= MAX_WHOLE_OPENING_FRAMES ? frames : OPENING_FRAMES };
}

/** Ranges of about equal length that the flow is run over. */
export function sectionsOf(frames: number): FrameRange[] {
  return evenly({ from: 0, to: frames }, Math.ceil(frames / SECTION_FRAMES));
}

/** Windows of about equal length of a range. */
export function windowsOf(range: FrameRange): FrameRange[] {
  if (range.to === range.from) return [];
  return evenly(range, Math.max(1, Math.round((range.to - range.from) / WINDOW_FRAMES)));
}

function evenly({ from, to }: FrameRange, count: number): FrameRange[] {
  const bound = (index: number): number => from + Math.round(((to - from) * index) / count);
  return Array.from({ length: count }, (_, index) => ({
    from: bound(index),
    to: bound(index + 1),
  })).filter((range) => range.to > range.from);
}
