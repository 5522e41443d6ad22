import { MS, type GraphBuilder } from '../onnx/builder.js';
import { float32, floatLinear, quantizedLinear } from './tensors.js';
import type { WhisperDims } from './info.js';
import type { WeightSet } from './weights.js';

/** How the numbers of a graph's matrices are kept. */
export type Precision = 'float32' | 'int8';

/** Variance floor of Whisper's layer norms (PyTorch's default, which Whisper keeps). */
const NORM_EPSILON = 1e-5;

/** Writes the pieces that Whisper's encoder and decoder share. */
export class LayerWriter {
  readonly graph: GraphBuilder;
  readonly weights: WeightSet;
  readonly dims: WhisperDims;
  readonly #precision: Precision;

  constructor(options: {
    graph: GraphBuilder;
    weights: WeightSet;
    dims: WhisperDims;
    precision: Precision;
  }) {
    this.graph = options.graph;
    this.weights = options.weights;
    this.dims = options.dims;
    this.#precision = options.precision;
  }

  /** A tensor of the checkpoint as it is. */
  tensor(name: string): string {
    return this.graph.weight(name, float32(this.weights.get(name)));
  }

  norm(input: string, name: string): string {
    const inputs = [input, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`)];
    return this.graph.node('LayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: NORM_EPSILON },
    });
  }

  linear(input: string, name: string, { bias = true } = {}): string {
    const layer = {
      name,
      weight: this.weights.get(`${name}.weight`),
      ...(bias ? { bias: this.weights.get(`${name}.bias`) } : {}),
    };
    const write = this.#precision === 'int8' ? quantizedLinear : floatLinear;
    return write(this.graph, input, layer);
  }

  /** A product with a matrix that stands under a name of its own, without bias. */
  product(input: string, name: string): string {
    const write = this.#precision === 'int8' ? quantizedLinear : floatLinear;
    return write(this.graph, input, { name: `${name}.product`, weight: this.weights.get(name) });
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
