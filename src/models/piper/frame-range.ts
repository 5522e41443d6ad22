/** Frames from `from` up to, without, `to`. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/** A range with its context on both sides, as far as there are frames. */
export function widened(range: FrameRange, contextFrames: number, frames: number): FrameRange {
  return {
    from: Math.max(0, range.from - contextFrames),
    to: Math.min(frames, range.to + contextFrames),
  };
}

/** A range as seen from the beginning of another one that holds it. */
export function within(range: FrameRange, outer: FrameRange): FrameRange {
  return { from: range.from - outer.from, to: range.to - outer.from };
}

/** A copy of some frames of all rows of [rows, frames]. */
export function sliceRows(data: Float32Array, frames: number, range: FrameRange): Float32Array {
  const { from, to } = range;
  const rows = data.length / frames;
  const length = to - from;
  const sliced = new Float32Array(rows * length);
  for (let row = 0; row < rows; row += 1) {
    sliced.set(data.subarray(row * frames + from, row * frames + to), row * length);
  }
  return sliced;
}
