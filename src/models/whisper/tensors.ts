/** How weights are laid out in our graphs. */
import type { GraphBuilder, LazyTensor } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { floatToHalf } from '../half-floats.js';
import type { WeightTensor } from './weights.js';

/** A linear layer of a checkpoint: [out, in], and a bias if it has one. */
export interface LinearLayer {
  readonly name: string;
  readonly weight: WeightTensor;
  readonly bias?: WeightTensor;
}

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

/** Adds a linear layer with weights of one of the two float types. */
export function floatLinear(
  graph: GraphBuilder,
  input: string,
  { name, weight, bias, type }: LinearLayer & { readonly type: typeof float32 },
): string {
  const [rows = 0, columns = 0] = weight.dims;
  const turned = async () => transpose(await weight.read(), rows, columns);
  const matrix = type({ dims: [columns, rows], read: turned });
  const product = graph.node('MatMul', [input, graph.weight(`${name}.weight`, matrix)]);
  if (!bias) return product;
  return graph.node('Add', [product, graph.weight(`${name}.bias`, type(bias))]);
}

/** The bytes of an array. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
