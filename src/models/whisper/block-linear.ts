/** Products with 8-bit weights in blocks, for few rows at a time. */
import { MS, type GraphBuilder, type LazyTensor } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { bytesOf, float32, type LinearLayer } from './tensors.js';
import type { WeightTensor } from './weights.js';

/** Weights that share a scale in 8-bit matrices. */
const QUANT_BLOCK = 64;

/** An 8-bit matrix in blocks and the scale of each block. */
interface QuantizedTensor {
  readonly values: LazyTensor;
  readonly scales: LazyTensor;
}

/**
 * Quantizes [out, in] for MatMulNBits: 8 bits, symmetric around the zero point 128 that the operator
 * assumes, one scale for 64 weights of a row. Rows must be multiples of 64, as all Whisper widths are.
 */
function quantized(tensor: WeightTensor): QuantizedTensor {
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
export function blockLinear(graph: GraphBuilder, input: string, layer: LinearLayer): string {
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
