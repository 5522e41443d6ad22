/** How weights are laid out in our graphs. */
import { MS, type GraphBuilder, type LazyTensor } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { floatToHalf, type WeightTensor } from './weights.js';

/** Weights that share a scale in 8-bit matrices. */
export const QUANT_BLOCK = 64;

/** The tensor as it is. */
export function float32(tensor: WeightTensor): LazyTensor {
  const read = async () => bytesOf(await tensor.read());
  return { elementType: ELEMENT.float32, dims: tensor.dims, read };
}

/** The tensor as 16-bit floats: exact for checkpoints that are stored so. */
export function float16(tensor: WeightTensor): LazyTensor {
  const read = async () => bytesOf(floatToHalf(await tensor.read()));
  return { elementType: ELEMENT.float16, dims: tensor.dims, read };
}

/** A linear layer's [out, in] as MatMul wants it: [in, out]. */
export function transposed(tensor: WeightTensor): LazyTensor {
  const [rows = 0, columns = 0] = tensor.dims;
  const read = async () => bytesOf(transpose(await tensor.read(), rows, columns));
  return { elementType: ELEMENT.float32, dims: [columns, rows], read };
}

function transpose(from: Float32Array, rows: number, columns: number): Float32Array {
  const to = new Float32Array(from.length);
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    for (let column = 0; column < columns; column++) {
      to[column * rows + row] = from[base + column] ?? 0;
    }
  }
  return to;
}

/** An 8-bit matrix in blocks and the scale of each block. */
export interface QuantizedTensor {
  readonly values: LazyTensor;
  readonly scales: LazyTensor;
}

/**
 * Quantizes [out, in] for MatMulNBits: 8 bits, symmetric around the zero point 128 that the operator
 * assumes, one scale for 64 weights of a row. Rows must be multiples of 64, as all Whisper widths are.
 */
export function quantized(tensor: WeightTensor): QuantizedTensor {
  const [rows = 0, columns = 0] = tensor.dims;
  const blocks = columns / QUANT_BLOCK;
  if (!Number.isInteger(blocks)) throw new Error(`A row of ${columns} is not whole blocks.`);
  // Values and scales are written one after the other: keep the pair for the second of them.
  let pair: { values: Uint8Array; scales: Float32Array } | undefined;
  const make = async () => (pair ??= quantize(await tensor.read()));
  return {
    values: {
      elementType: ELEMENT.uint8,
      dims: [rows, blocks, QUANT_BLOCK],
      read: async () => (await make()).values,
    },
    scales: {
      elementType: ELEMENT.float32,
      dims: [rows, blocks],
      read: async () => {
        const { scales } = await make();
        pair = undefined;
        return bytesOf(scales);
      },
    },
  };
}

function quantize(weights: Float32Array): { values: Uint8Array; scales: Float32Array } {
  const values = new Uint8Array(weights.length);
  const scales = new Float32Array(weights.length / QUANT_BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * QUANT_BLOCK;
    const end = start + QUANT_BLOCK;
    let peak = 0;
    for (let i = start; i < end; i++) peak = Math.max(peak, Math.abs(weights[i] ?? 0));
    const scale = peak / 127;
    scales[block] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = start; i < end; i++) values[i] = 128 + Math.round((weights[i] ?? 0) * inverse);
  }
  return { values, scales };
}

/** Adds a linear layer with 8-bit weights; int8 arithmetic inside (accuracy level 4). */
export function quantizedLinear(
  graph: GraphBuilder,
  input: string,
  layer: { readonly name: string; readonly weight: WeightTensor; readonly bias?: WeightTensor },
): string {
  const { name, weight, bias } = layer;
  const [rows = 0, columns = 0] = weight.dims;
  const { values, scales } = quantized(weight);
  const inputs = [
    input,
    graph.weight(`${name}.values`, values),
    graph.weight(`${name}.scales`, scales),
  ];
  if (bias) inputs.push('', '', graph.weight(`${name}.bias`, float32(bias)));
  return graph.node('MatMulNBits', inputs, {
    domain: MS,
    attributes: { K: columns, N: rows, bits: 8, block_size: QUANT_BLOCK, accuracy_level: 4 },
  });
}

/** Adds a linear layer with 32-bit weights. */
export function floatLinear(
  graph: GraphBuilder,
  input: string,
  layer: { readonly name: string; readonly weight: WeightTensor; readonly bias?: WeightTensor },
): string {
  const { name, weight, bias } = layer;
  const product = graph.node('MatMul', [input, graph.weight(`${name}.weight`, transposed(weight))]);
  if (!bias) return product;
  return graph.node('Add', [product, graph.weight(`${name}.bias`, float32(bias))]);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
