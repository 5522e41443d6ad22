/** Weights of Silero's network in the layout of our graph. */

/** Turns a matrix [rows, columns] into [columns, rows]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return out;
}

/** The same values again and again. */
export function repeated(values: Float32Array, times: number): Float32Array {
  const out = new Float32Array(times * values.length);
  for (let time = 0; time < times; time++) out.set(values, time * values.length);
  return out;
}

/** PyTorch's gates are input, forget, cell, output; ONNX wants input, output, forget, cell. */
const GATE_ORDER = [0, 3, 1, 2] as const;

/** Brings the rows of an LSTM's weight or bias, a quarter for each gate, from PyTorch's order to ONNX's. */
export function inOnnxGateOrder(values: Float32Array): Float32Array {
  const quarter = values.length / GATE_ORDER.length;
  const out = new Float32Array(values.length);
  for (const [to, from] of GATE_ORDER.entries()) {
    out.set(values.subarray(from * quarter, (from + 1) * quarter), to * quarter);
  }
  return out;
}

const KERNEL = 3;
const PADDING = 1;

/** A convolution over a few frames: kernel [outputs, inputs, 3], padding 1. */
export interface SmallConvolution {
  readonly kernel: Float32Array;
  /** Channels that it makes. */
  readonly outputs: number;
  /** Frames that it sees. */
  readonly frames: number;
  readonly stride: number;
}

/** A matrix [inputs, outputs]: from all channels of all frames to all channels of all frames. */
export interface ConvolutionProduct {
  readonly matrix: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  /** Frames that come out. */
  readonly frames: number;
}

/**
 * Writes a convolution over a fixed number of frames as one matrix. The padding's products fall away,
 * and the zeros that come in cost less than narrow products do.
 */
export function convAsProduct(conv: SmallConvolution): ConvolutionProduct {
  const channels = conv.kernel.length / conv.outputs / KERNEL;
  const frames = Math.floor((conv.frames - 1) / conv.stride) + 1;
  const outputs = frames * conv.outputs;
  const matrix = new Float32Array(conv.frames * channels * outputs);
  for (let frame = 0; frame < frames; frame++) {
    for (let tap = 0; tap < KERNEL; tap++) {
      const seen = frame * conv.stride + tap - PADDING;
      if (seen < 0 || seen >= conv.frames) continue;
      for (let i = 0; i < conv.outputs * channels; i++) {
        const output = Math.floor(i / channels);
        const row = seen * channels + (i % channels);
        matrix[row * outputs + frame * conv.outputs + output] = conv.kernel[
          i * KERNEL + tap
        ] as number;
      }
    }
  }
  return { matrix, inputs: conv.frames * channels, outputs, frames };
}
