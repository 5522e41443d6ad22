/**
 * Silero's network, laid out for many windows a run. The file itself takes one window of a stream a
 * run and its convolutions see four columns at a time, which keeps no core busy. Here everything
 * before the LSTM is a matrix product over all windows of all streams, and the LSTM runs over time.
 * The same numbers but for the order of additions.
 */
import { GraphBuilder } from '../../models/onnx/builder.js';
import { encodeModel } from '../../models/onnx/encode.js';
import { ELEMENT } from '../../models/onnx/types.js';
import type { GraphContract } from '../onnx/contract.js';
import { FRAME_SAMPLES, FRAMES_PER_WINDOW, FRAMED_SAMPLES } from './silero-frames.js';
import type { SileroWeights } from './silero-weights.js';
import { convAsProduct, inOnnxGateOrder, repeated, transposed } from './silero-layout.js';
import { VAD_HIDDEN } from './vad-state.js';

const BINS = FRAME_SAMPLES / 2 + 1;
/** Strides of the four convolutions; each has a kernel of 3 and a padding of 1. */
const STRIDES = [1, 2, 2, 1] as const;
const IR_VERSION = 10;
const OPSET = 20;

/** What the graph takes and gives; probabilities are [time, streams]. */
export const SILERO_CONTRACT: GraphContract = {
  inputs: {
    frames: { type: 'float32', rank: 3 },
    hidden: { type: 'float32', rank: 3 },
    cell: { type: 'float32', rank: 3 },
  },
  outputs: ['probabilities', 'next_hidden', 'next_cell'],
};

/** Makes the bytes of the graph: `frames` [time, streams, 4 · 256], states [1, streams, 128]. */
export function sileroGraph(weights: SileroWeights): Uint8Array {
  const graph = new GraphBuilder('silero-vad');
  graph.input('frames', ELEMENT.float32, ['time', 'streams', FRAMED_SAMPLES]);
  for (const name of ['hidden', 'cell', 'next_hidden', 'next_cell']) {
    const declare = name.startsWith('next') ? 'output' : 'input';
    graph[declare](name, ELEMENT.float32, [1, 'streams', VAD_HIDDEN]);
  }
  const features = encoder(graph, magnitudes(graph, weights), weights);
  head(graph, memory(graph, features, weights), weights);
  graph.output('probabilities', ELEMENT.float32, ['time', 'streams']);
  const opsets = { '': OPSET };
  const built = graph.build([]);
  return encodeModel({
    irVersion: IR_VERSION,
    producer: 'chorus',
    opsets,
    metadata: {},
    graph: built,
  });
}

/** Short-time spectra: the four frames of each window beside one another, 129 bins each. */
function magnitudes(graph: GraphBuilder, weights: SileroWeights): string {
  const basis = transposed(weights['stft.forward_basis_buffer'], 2 * BINS, FRAME_SAMPLES);
  const frames = graph.node('Reshape', ['frames', graph.ints([-1, FRAME_SAMPLES])]);
  const product = graph.node('MatMul', [
    frames,
    graph.floats('basis', basis, [FRAME_SAMPLES, 2 * BINS]),
  ]);
  const outputs = ['real', 'imaginary'];
  graph.node('Split', [product, graph.ints([BINS, BINS])], { attributes: { axis: 1 }, outputs });
  const squares = outputs.map((part) => graph.node('Mul', [part, part]));
  const spectra = graph.node('Sqrt', [graph.node('Add', squares)]);
  return graph.node('Reshape', [spectra, graph.ints([-1, FRAMES_PER_WINDOW * BINS])]);
}

/** The four convolutions over the frames of a window, each as one product. */
function encoder(graph: GraphBuilder, spectra: string, weights: SileroWeights): string {
  let value = spectra;
  let frames = FRAMES_PER_WINDOW;
  for (const layer of [0, 1, 2, 3] as const) {
    const kernel = weights[`encoder.${layer}.reparam_conv.weight`];
    const bias = weights[`encoder.${layer}.reparam_conv.bias`];
    const conv = convAsProduct({ kernel, outputs: bias.length, frames, stride: STRIDES[layer] });
    const { matrix, inputs, outputs } = conv;
    value = graph.node('Gemm', [
      value,
      graph.floats(`encoder_${layer}`, matrix, [inputs, outputs]),
      graph.floats(`encoder_${layer}_bias`, repeated(bias, conv.frames), [outputs]),
    ]);
    value = graph.node('Relu', [value]);
    ({ frames } = conv);
  }
  return value;
}

/** The LSTM over time, [time, 1, streams, 128]. */
function memory(graph: GraphBuilder, features: string, weights: SileroWeights): string {
  const all = graph.node('Shape', ['frames']);
  const outer = graph.node('Slice', [all, graph.ints([0]), graph.ints([2])]);
  const shape = graph.node('Concat', [outer, graph.ints([VAD_HIDDEN])], {
    attributes: { axis: 0 },
  });
  const matrix = (name: 'ih' | 'hh') => {
    const ordered = inOnnxGateOrder(weights[`decoder.rnn.weight_${name}`]);
    return graph.floats(name, ordered, [1, 4 * VAD_HIDDEN, VAD_HIDDEN]);
  };
  const biases = [weights['decoder.rnn.bias_ih'], weights['decoder.rnn.bias_hh']];
  const bias = Float32Array.from(biases.flatMap((one) => [...inOnnxGateOrder(one)]));
  return graph.node(
    'LSTM',
    [
      graph.node('Reshape', [features, shape]),
      matrix('ih'),
      matrix('hh'),
      graph.floats('lstm_bias', bias, [1, bias.length]),
      '',
      'hidden',
      'cell',
    ],
    {
      attributes: { hidden_size: VAD_HIDDEN },
      outputs: ['heard', 'next_hidden', 'next_cell'],
    },
  );
}

function head(graph: GraphBuilder, heard: string, weights: SileroWeights): void {
  const weight = graph.floats('head', weights['decoder.decoder.2.weight'], [VAD_HIDDEN, 1]);
  const bias = graph.floats('head_bias', weights['decoder.decoder.2.bias'], [1]);
  const product = graph.node('MatMul', [graph.node('Relu', [heard]), weight]);
  const probabilities = graph.node('Sigmoid', [graph.node('Add', [product, bias])]);
  graph.node('Squeeze', [probabilities, graph.ints([1, 3])], { outputs: ['probabilities'] });
}
