/**
 * Low frame rate: several frames stacked into one row, fewer rows than frames ("Lower Frame Rate
 * Neural Network Acoustic Models", Pundak and Sainath, 2016). As FunASR does it: row i is centred on
 * frame i · shift; in front the first frame is repeated, at the end the last one.
 */

/** How frames become rows. FunASR's models stack 7 frames of 10 ms every 6. */
export interface LfrOptions {
  /** Values of a frame. */
  readonly width: number;
  readonly stackFrames: number;
  readonly shiftFrames: number;
}

/** What a stream keeps between its chunks; structured-cloneable. */
export interface LfrState {
  /** Frames from the next row's first one on; undefined before the first frame. */
  pending: Float32Array | undefined;
}

/** A stream that had no frame yet. */
export function newLfrState(): LfrState {
  return { pending: undefined };
}

/** Rows that a chunk of frames completes, row-major; how a stream is cut changes no bit of them. */
export function stackFrames(
  state: LfrState,
  frames: Float32Array,
  options: LfrOptions,
): Float32Array {
  if (frames.length === 0) return new Float32Array(0);
  const { width, stackFrames, shiftFrames } = options;
  const pending = joined(state.pending ?? leftPadding(frames, options), frames);
  const count = pending.length / width;
  const rows = count < stackFrames ? 0 : Math.floor((count - stackFrames) / shiftFrames) + 1;
  state.pending = pending.slice(rows * shiftFrames * width);
  return cutRows(pending, rows, options);
}

/** The row or none that is left once the stream has ended; the state is as new afterwards. */
export function finishStack(state: LfrState, options: LfrOptions): Float32Array {
  const { width, stackFrames } = options;
  const pending = state.pending ?? new Float32Array(0);
  state.pending = undefined;
  // A row is due if its centre is a frame that was heard.
  if (pending.length / width <= padFrames(options)) return new Float32Array(0);
  const row = new Float32Array(stackFrames * width);
  row.set(pending);
  const last = pending.subarray(pending.length - width);
  for (let at = pending.length; at < row.length; at += width) row.set(last, at);
  return row;
}

function padFrames({ stackFrames }: LfrOptions): number {
  return (stackFrames - 1) >> 1;
}

function leftPadding(frames: Float32Array, options: LfrOptions): Float32Array {
  const { width } = options;
  const padding = new Float32Array(padFrames(options) * width);
  for (let at = 0; at < padding.length; at += width) padding.set(frames.subarray(0, width), at);
  return padding;
}

function cutRows(frames: Float32Array, rows: number, options: LfrOptions): Float32Array {
  const { width, stackFrames, shiftFrames } = options;
  const length = stackFrames * width;
  const out = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const from = row * shiftFrames * width;
    out.set(frames.subarray(from, from + length), row * length);
  }
  return out;
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
