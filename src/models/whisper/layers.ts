import type { Precision } from '../../protocol/precision.js';
import { MS, type GraphBuilder } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { float16, float32, floatLinear, type LinearLayer } from './tensors.js';
import type { WhisperDims } from './info.js';
import type { WeightSet } from './weights.js';

/** Writes a product with 8-bit weights into a graph. */
export type Int8Linear = (graph: GraphBuilder, input: string, layer: LinearLayer) => string;

/** Variance floor of Whisper's layer norms (PyTorch's default, which Whisper keeps). */
const NORM_EPSILON = 1e-5;

/** Writes the pieces that Whisper's encoder and decoder share. */
export class LayerWriter {
  readonly graph: GraphBuilder;
  readonly weights: WeightSet;
  readonly dims: WhisperDims;
  readonly #precision: Precision;
  readonly #int8: Int8Linear;

  constructor(options: {
    graph: GraphBuilder;
    weights: WeightSet;
    dims: WhisperDims;
    /** `fp16`: all values between the nodes; `int8`: the weights of products only. */
    precision: Precision;
    /** How products are written in `int8`. */
    int8: Int8Linear;
  }) {
    this.graph = options.graph;
    this.weights = options.weights;
    this.dims = options.dims;
    this.#precision = options.precision;
    this.#int8 = options.int8;
  }

  /** Type of all values between the nodes. */
  get elementType(): number {
    return this.#precision === 'fp16' ? ELEMENT.float16 : ELEMENT.float32;
  }

  /** A tensor of the checkpoint as it is. */
  tensor(name: string): string {
    const tensor = this.weights.get(name);
    if (this.#precision !== 'fp16') return this.graph.weight(name, float32(tensor));
    // The embeddings are there already, under their own name.
    return this.graph.weight(`${name}.half`, float16(tensor));
  }

  /** An input of 32 bits in the graph's own type. */
  fromFloat32(input: string): string {
    if (this.#precision !== 'fp16') return input;
    return this.graph.node('Cast', [input], { attributes: { to: ELEMENT.float16 } });
  }

  /** Gives a value a name, as 32-bit floats. */
  toFloat32(value: string, name: string): void {
    const attributes = { to: ELEMENT.float32 };
    if (this.#precision !== 'fp16') this.graph.node('Identity', [value], { outputs: [name] });
    else this.graph.node('Cast', [value], { attributes, outputs: [name] });
  }

  norm(input: string, name: string): string {
    const inputs = [input, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`)];
    return this.graph.node('LayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: NORM_EPSILON },
    });
  }

  linear(input: string, name: string, { bias = true } = {}): string {
    return this.#product(input, {
      name,
      weight: this.weights.get(`${name}.weight`),
      ...(bias ? { bias: this.weights.get(`${name}.bias`) } : {}),
    });
  }

  /** A product with a matrix that stands under a name of its own, without bias. */
  product(input: string, name: string): string {
    return this.#product(input, { name: `${name}.product`, weight: this.weights.get(name) });
  }

  #product(input: string, layer: LinearLayer): string {
    if (this.#precision === 'int8') return this.#int8(this.graph, input, layer);
    const type = this.#precision === 'fp16' ? float16 : float32;
    return floatLinear(this.graph, input, { ...layer, type });
  }

  /** Splits the last axis into equal parts. */
  split(input: string, names: readonly string[]): readonly string[] {
    const options = { attributes: { axis: -1, num_outputs: names.length }, outputs: names };
    this.graph.node('Split', [input], options);
    return names;
  }

  /** [B, T, width] → [B, heads, T, width / heads]. */
  toHeads(input: string): string {
    const shape = [0, 0, this.dims.heads, this.dims.width / this.dims.heads];
    const reshaped = this.graph.node('Reshape', [input, this.graph.ints(shape)]);
    return this.graph.node('Transpose', [reshaped], { attributes: { perm: [0, 2, 1, 3] } });
  }

  /** [B, heads, T, width / heads] → [B, T, width]. */
  fromHeads(input: string): string {
    const flat = this.graph.node('Transpose', [input], { attributes: { perm: [0, 2, 1, 3] } });
    return this.graph.node('Reshape', [flat, this.graph.ints([0, 0, this.dims.width])]);
  }

  /** The feed-forward half of a layer, with its residual; GELU is the exact (erf) one. */
  mlp(input: string, layer: string): string {
    const normed = this.norm(input, `${layer}/mlp.norm`);
    const active = this.graph.node('Gelu', [this.linear(normed, `${layer}/mlp.up`)]);
    return this.graph.node('Add', [input, this.linear(active, `${layer}/mlp.down`)]);
  }

  /** Self-attention over whole rows, with its residual. */
  selfAttention(input: string, layer: string): string {
    const normed = this.norm(input, `${layer}/self.norm`);
    const qkv = this.linear(normed, `${layer}/self.qkv`);
    const parts = this.split(qkv, [`${layer}/query`, `${layer}/key`, `${layer}/value`]);
    const attended = this.graph.node('MultiHeadAttention', parts, {
      domain: MS,
      attributes: { num_heads: this.dims.heads },
    });
    return this.graph.node('Add', [input, this.linear(attended, `${layer}/self.out`)]);
  }
}
