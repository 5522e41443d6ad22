/** Products in 8-bit arithmetic, for the CPU. */
import { MS, type GraphBuilder, type LazyTensor } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { bytesOf, float32, type LinearLayer } from './tensors.js';
import type { WeightTensor } from './weights.js';

/**
 * Largest quantized weight. Without dot-product instructions a CPU adds two products of an unsigned
 * and a signed byte in 16 bits, and cuts off what they do not hold. With 127 that happens often enough
 * to make the error of the encoder's answer 5.6 %, with 64 never, but the weights are coarse: 5.8 %.
 * With 96 it is 4.6 % (values of tiny.en's last layer; AVX2).
 */
const LARGEST = 96;
/** A row of zeros has this peak, so that nothing is divided by 0. */
const LEAST_PEAK = 1e-12;

/**
 * Adds a linear layer with 8-bit weights, one scale a column. The input is quantized when it comes,
 * with one scale for all of it; as its rows differ much, each is brought to a peak of 1 before and
 * back after: with less, words change.
 */
export function dynamicLinear(graph: GraphBuilder, input: string, layer: LinearLayer): string {
  const { name, weight, bias } = layer;
  const { values, scales } = byColumn(weight);
  const least = graph.floats('least_peak', Float32Array.of(LEAST_PEAK), []);
  const sizes = graph.node('Abs', [input]);
  const largest = graph.node('ReduceMax', [sizes, graph.ints([-1])], {
    attributes: { keepdims: 1 },
  });
  const peaks = graph.node('Max', [largest, least]);
  const product = graph.node(
    'DynamicQuantizeMatMul',
    [
      graph.node('Div', [input, peaks]),
      graph.weight(`${name}.values`, values),
      graph.weight(`${name}.scales`, scales),
    ],
    { domain: MS },
  );
  const scaled = graph.node('Mul', [product, peaks]);
  if (!bias) return scaled;
  return graph.node('Add', [scaled, graph.weight(`${name}.bias`, float32(bias))]);
}

/** An 8-bit matrix and the scale of each column. */
interface QuantizedTensor {
  readonly values: LazyTensor;
  readonly scales: LazyTensor;
}

/** Quantizes [out, in], symmetric around 0, as [in, out]. */
function byColumn(tensor: WeightTensor): QuantizedTensor {
  const [rows = 0, columns = 0] = tensor.dims;
  // Values and scales are written one after the other: keep the pair for the second of them.
  let pair: Quantized | undefined;
  const make = async () => (pair ??= quantize(await tensor.read(), rows, columns));
  return {
    values: {
      elementType: ELEMENT.int8,
      dims: [columns, rows],
      read: async () => bytesOf((await make()).values),
    },
    scales: {
      elementType: ELEMENT.float32,
      dims: [rows],
      read: async () => {
        const { scales } = await make();
        pair = undefined;
        return bytesOf(scales);
      },
    },
  };
}

interface Quantized {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

function quantize(weights: Float32Array, rows: number, columns: number): Quantized {
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let peak = 0;
    for (let i = 0; i < columns; i++) peak = Math.max(peak, Math.abs(weights[start + i] ?? 0));
    scales[row] = peak / LARGEST;
    const inverse = peak === 0 ? 0 : LARGEST / peak;
    for (let i = 0; i < columns; i++) {
      values[i * rows + row] = Math.round((weights[start + i] ?? 0) * inverse);
    }
  }
  return { values, scales };
}
