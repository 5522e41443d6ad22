import type { Precision } from '../../protocol/precision.js';
import { GraphBuilder, MS } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { blockLinear } from './block-linear.js';
import { LayerWriter } from './layers.js';
import { float16 } from './tensors.js';
import type { WhisperDims } from './info.js';
import type { WeightSet } from './weights.js';

/** What a decoder is made of. */
export interface DecoderOptions {
  readonly weights: WeightSet;
  readonly dims: WhisperDims;
  readonly precision: Precision;
  /** Layers whose questions to the audio are outputs; those that have alignment heads. */
  readonly queryLayers: readonly number[];
}

/**
 * Writes the decoder: `input_ids` [B, L] after P tokens that lie in the caches → `logits`
 * [B, vocabulary] of the last token. Caches per layer N: `past_key_N`, `past_value_N`
 * [B, heads, P, width/heads] in, `present_key_N`, `present_value_N` out, longer by L; `cross_key_N`
 * and `cross_value_N` [A, heads, S, width/heads] as the encoder made them. B is a multiple of A: rows
 * that hear the same audio stand side by side and share its keys and values.
 *
 * `cross_query_N` [A, heads, B/A · L, width/heads] are the queries of the cross-attention. Whoever
 * wants word times makes the attention of the few alignment heads of them and of the keys, once a
 * window: onnxruntime computes an output whether it is fetched or not, and these cost nothing.
 */
export function decoderGraph(options: DecoderOptions): GraphBuilder {
  const { dims, queryLayers } = options;
  const graph = new GraphBuilder('whisper_decoder');
  const layers = new LayerWriter({ graph, int8: blockLinear, ...options });
  const ids = graph.input('input_ids', ELEMENT.int64, ['batch', 'length']);
  for (let layer = 0; layer < dims.decoderLayers; layer++) cacheInputs(layers, layer);

  let hidden = embed(layers, ids);
  for (let layer = 0; layer < dims.decoderLayers; layer++) {
    hidden = selfAttention(layers, hidden, layer);
    hidden = crossAttention(layers, hidden, layer);
    hidden = layers.mlp(hidden, `decoder/${layer}`);
  }
  writeLogits(layers, hidden);
  const queries = ['audios', dims.heads, 'queries', dims.width / dims.heads];
  for (const layer of queryLayers) {
    graph.output(`cross_query_${layer}`, layers.elementType, queries);
  }
  return graph;
}

function cacheInputs({ graph, dims, elementType }: LayerWriter, layer: number): void {
  const shape = (rows: string, length: string) => {
    return [rows, dims.heads, length, dims.width / dims.heads];
  };
  for (const part of ['key', 'value']) {
    graph.input(`past_${part}_${layer}`, elementType, shape('batch', 'past'));
    graph.output(`present_${part}_${layer}`, elementType, shape('batch', 'total'));
    graph.input(`cross_${part}_${layer}`, elementType, shape('audios', 'positions'));
  }
}

/** Embeddings stay 16-bit: one row a token is read of them, and the rest need not be in memory. */
function embed(layers: LayerWriter, ids: string): string {
  const { graph, weights } = layers;
  const table = graph.weight('decoder/embeddings', float16(weights.get('decoder/embeddings')));
  const rows = graph.node('Gather', [table, ids]);
  const embedded = graph.node('Cast', [rows], { attributes: { to: layers.elementType } });
  const past = graph.node('Shape', ['past_key_0'], { attributes: { start: 2, end: 3 } });
  const length = graph.node('Shape', [ids], { attributes: { start: 1, end: 2 } });
  const end = graph.node('Add', [past, length]);
  const table2 = layers.tensor('decoder/positions');
  const positions = graph.node('Slice', [table2, past, end, graph.ints([0])]);
  return graph.node('Add', [embedded, positions]);
}

function selfAttention(layers: LayerWriter, input: string, layer: number): string {
  const name = `decoder/${layer}`;
  const qkv = layers.linear(layers.norm(input, `${name}/self.norm`), `${name}/self.qkv`);
  const parts = layers.split(qkv, [`${name}/query`, `${name}/key`, `${name}/value`]);
  const cache = [`past_key_${layer}`, `past_value_${layer}`];
  const attended = layers.graph.node('MultiHeadAttention', [...parts, '', '', '', ...cache], {
    domain: MS,
    attributes: { num_heads: layers.dims.heads, unidirectional: 1 },
    outputs: [`${name}/attended`, `present_key_${layer}`, `present_value_${layer}`],
  });
  return layers.graph.node('Add', [input, layers.linear(attended, `${name}/self.out`)]);
}

/** Written out, because keys and values come per head and rows may share them. */
function crossAttention(layers: LayerWriter, input: string, layer: number): string {
  const { graph, dims } = layers;
  const name = `decoder/${layer}`;
  const flat = layers.linear(layers.norm(input, `${name}/cross.norm`), `${name}/cross.q`);
  const query = queriesByAudio(layers, flat, layer);
  const scores = graph.node('FusedMatMul', [query, `cross_key_${layer}`], {
    domain: MS,
    attributes: { transB: 1 },
    typed: { alpha: { type: 'float', value: (dims.width / dims.heads) ** -0.5 } },
  });
  const weights = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  const perHead = graph.node('MatMul', [weights, `cross_value_${layer}`]);
  const heads = graph.node('Transpose', [perHead], { attributes: { perm: [0, 2, 1, 3] } });
  const attended = graph.node('Reshape', [heads, graph.node('Shape', [flat])]);
  return graph.node('Add', [input, layers.linear(attended, `${name}/cross.out`)]);
}

/** [B, L, width] → [A, heads, B/A · L, width / heads]: one product for all rows of an audio. */
function queriesByAudio({ graph, dims }: LayerWriter, flat: string, layer: number): string {
  const audios = graph.node('Shape', [`cross_key_${layer}`], { attributes: { start: 0, end: 1 } });
  const rest = graph.ints([-1, dims.heads, dims.width / dims.heads]);
  const shape = graph.node('Concat', [audios, rest], { attributes: { axis: 0 } });
  const rows = graph.node('Reshape', [flat, shape]);
  const outputs = [`cross_query_${layer}`];
  return graph.node('Transpose', [rows], { attributes: { perm: [0, 2, 1, 3] }, outputs });
}

function writeLogits(layers: LayerWriter, hidden: string): void {
  const { graph, dims } = layers;
  const last = graph.node('Gather', [hidden, graph.ints(-1)], { attributes: { axis: 1 } });
  const logits = layers.product(layers.norm(last, 'decoder/norm'), 'decoder/embeddings');
  layers.toFloat32(logits, 'logits');
  graph.output('logits', ELEMENT.float32, ['batch', dims.vocabulary]);
}
