import { VAD_CONTEXT_SAMPLES, VAD_WINDOW_SAMPLES } from './vad-state.js';

/** Samples of a short-time spectrum. */
export const FRAME_SAMPLES = 256;
/** Spectra of a window with its context and its mirrored end. */
export const FRAMES_PER_WINDOW = 4;
/** Samples of a window's overlapping frames, one after another. */
export const FRAMED_SAMPLES = FRAMES_PER_WINDOW * FRAME_SAMPLES;

const HOP_SAMPLES = 128;
const SEEN_SAMPLES = VAD_CONTEXT_SAMPLES + VAD_WINDOW_SAMPLES;
const SCALE = 1 / 32_768;

/**
 * Lays a window out as the network's first product wants it: four frames of 256 samples, 128 apart,
 * in −1…1. What the last frame lacks is the end mirrored about its last sample.
 * @param pcm Holds the window's context at `start`, and the window after it.
 * @param out Gets {@link FRAMED_SAMPLES} values at its beginning.
 */
export function layOutFrames(pcm: Int16Array, start: number, out: Float32Array): void {
  for (let frame = 0, at = 0; frame < FRAMES_PER_WINDOW; frame++) {
    const first = frame * HOP_SAMPLES;
    for (let i = first; i < first + FRAME_SAMPLES; i++, at++) {
      const seen = i < SEEN_SAMPLES ? i : 2 * (SEEN_SAMPLES - 1) - i;
      out[at] = (pcm[start + seen] as number) * SCALE;
    }
  }
}
