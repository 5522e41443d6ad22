import type { FrameRange } from './windows.js';

/** Values of several channels, row by row: [channels, frames]. */
export interface Frames {
  readonly data: Float32Array;
  readonly channels: number;
  readonly frames: number;
}

/** A copy of some frames of all channels. */
export function sliceFrames(source: Frames, { from, to }: FrameRange): Frames {
  const { data, channels, frames } = source;
  const length = to - from;
  const sliced = new Float32Array(channels * length);
  for (let channel = 0; channel < channels; channel += 1) {
    const row = channel * frames;
    sliced.set(data.subarray(row + from, row + to), channel * length);
  }
  return { data: sliced, channels, frames: length };
}
