import type { Precision } from '../../protocol/precision.js';
import { GraphBuilder } from '../onnx/builder.js';
import { ELEMENT } from '../onnx/types.js';
import { dynamicLinear } from './dynamic-linear.js';
import { LayerWriter } from './layers.js';
import type { WhisperDims } from './info.js';
import type { WeightSet } from './weights.js';

/**
 * Writes the encoder: `features` [B, mels, T] → the cross-attention keys and values of every decoder
 * layer, `cross_key_N` and `cross_value_N` [B, heads, T/2, width/heads], and `last_hidden_state`.
 * Computing keys and values here, once a window, saves doing it in every decoder step. T may be any
 * even length up to twice the encoder's positions.
 */
export function encoderGraph(
  weights: WeightSet,
  dims: WhisperDims,
  precision: Precision,
): GraphBuilder {
  const graph = new GraphBuilder('whisper_encoder');
  const layers = new LayerWriter({ graph, weights, dims, precision, int8: dynamicLinear });
  const features = graph.input('features', ELEMENT.float32, ['batch', dims.mels, 'frames']);

  let hidden = addPositions(layers, convolutions(layers, layers.fromFloat32(features)));
  for (let layer = 0; layer < dims.encoderLayers; layer++) {
    hidden = layers.selfAttention(hidden, `encoder/${layer}`);
    hidden = layers.mlp(hidden, `encoder/${layer}`);
  }
  const normed = layers.norm(hidden, 'encoder/norm');
  layers.toFloat32(normed, 'last_hidden_state');
  graph.output('last_hidden_state', ELEMENT.float32, ['batch', 'positions', dims.width]);
  for (let layer = 0; layer < dims.decoderLayers; layer++) crossOutputs(layers, normed, layer);
  return graph;
}

function convolutions(layers: LayerWriter, features: string): string {
  const { graph } = layers;
  const convolve = (input: string, name: string, stride: number) => {
    const inputs = [input, layers.tensor(`${name}.weight`), layers.tensor(`${name}.bias`)];
    const attributes = { kernel_shape: [3], pads: [1, 1], strides: [stride] };
    return graph.node('Gelu', [graph.node('Conv', inputs, { attributes })]);
  };
  const halved = convolve(convolve(features, 'encoder/conv1', 1), 'encoder/conv2', 2);
  return graph.node('Transpose', [halved], { attributes: { perm: [0, 2, 1] } });
}

function addPositions(layers: LayerWriter, hidden: string): string {
  const { graph } = layers;
  const length = graph.node('Shape', [hidden], { attributes: { start: 1, end: 2 } });
  const positions = graph.node('Slice', [
    layers.tensor('encoder/positions'),
    graph.ints([0]),
    length,
    graph.ints([0]),
  ]);
  return graph.node('Add', [hidden, positions]);
}

function crossOutputs(layers: LayerWriter, hidden: string, layer: number): void {
  const { graph, dims } = layers;
  const both = layers.linear(hidden, `decoder/${layer}/cross.kv`);
  const parts = layers.split(both, [`cross_key_flat_${layer}`, `cross_value_flat_${layer}`]);
  for (const [index, name] of [`cross_key_${layer}`, `cross_value_${layer}`].entries()) {
    graph.node('Identity', [layers.toHeads(parts[index] ?? '')], { outputs: [name] });
    const shape = ['batch', dims.heads, 'positions', dims.width / dims.heads];
    graph.output(name, layers.elementType, shape);
  }
}
