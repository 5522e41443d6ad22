import { type FrameRange, sliceRows } from '../../models/piper/frame-range.js';
import { paddedRows } from '../buckets.js';

/** Values of several channels, row by row: [channels, frames]. */
export interface Frames {
  readonly data: Float32Array;
  readonly channels: number;
  readonly frames: number;
}

/** A copy of some frames of all channels. */
export function sliceFrames({ data, channels, frames }: Frames, range: FrameRange): Frames {
  return { data: sliceRows(data, frames, range), channels, frames: range.to - range.from };
}

/** The same with frames of zeros at the end. */
export function padFrames({ data, channels, frames }: Frames, to: number): Frames {
  return { data: paddedRows(data, frames, to), channels, frames: to };
}
