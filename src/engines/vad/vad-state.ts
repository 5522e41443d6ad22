/** Sample rate that the network is run at. */
export const VAD_RATE_HZ = 16_000;
/** Samples that one probability is for: 32 ms. */
export const VAD_WINDOW_SAMPLES = 512;
/** Samples before a window that the network looks at too. */
export const VAD_CONTEXT_SAMPLES = 64;
/** Width of the network's memory. */
export const VAD_HIDDEN = 128;

/**
 * Where a stream stands: all that the network remembers of it. A value; nobody changes one, so that
 * it may be kept, sent to another thread (structured-cloneable, 1 to 2 KB) and gone on from twice.
 */
export interface VadState {
  /** The context of the next window, and the samples of that window that have come. */
  readonly tail: Int16Array;
  /** Output and cell of the LSTM. */
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
}

/** The state before the first sample. */
export function freshVadState(): VadState {
  return {
    tail: new Int16Array(VAD_CONTEXT_SAMPLES),
    hidden: new Float32Array(VAD_HIDDEN),
    cell: new Float32Array(VAD_HIDDEN),
  };
}

/** Samples that a stream has given and that have no probability yet: 0 … 511. */
export function pendingSamples(state: VadState): number {
  return state.tail.length - VAD_CONTEXT_SAMPLES;
}
