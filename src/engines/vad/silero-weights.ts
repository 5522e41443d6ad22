import { decodeModel } from '../../models/onnx/decode.js';
import type { OnnxGraph, OnnxTensor } from '../../models/onnx/types.js';
import { ELEMENT } from '../../models/onnx/types.js';
import { ChorusError } from '../../protocol/errors.js';

/** The constants of Silero VAD v5 and v6 for 16 kHz, by the end of their names, and their shapes. */
const SHAPES = {
  'stft.forward_basis_buffer': [258, 1, 256],
  'encoder.0.reparam_conv.weight': [128, 129, 3],
  'encoder.0.reparam_conv.bias': [128],
  'encoder.1.reparam_conv.weight': [64, 128, 3],
  'encoder.1.reparam_conv.bias': [64],
  'encoder.2.reparam_conv.weight': [64, 64, 3],
  'encoder.2.reparam_conv.bias': [64],
  'encoder.3.reparam_conv.weight': [128, 64, 3],
  'encoder.3.reparam_conv.bias': [128],
  'decoder.rnn.weight_ih': [512, 128],
  'decoder.rnn.weight_hh': [512, 128],
  'decoder.rnn.bias_ih': [512],
  'decoder.rnn.bias_hh': [512],
  'decoder.decoder.2.weight': [1, 128, 1],
  'decoder.decoder.2.bias': [1],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** A constant that the network is made of. */
export type SileroWeightName = keyof typeof SHAPES;

/** The network's constants, row-major, shaped as in the file. */
export type SileroWeights = Readonly<Record<SileroWeightName, Float32Array>>;

/**
 * Reads the 16 kHz half of a Silero VAD file. The file holds a network for each of two rates, as the
 * branches of an `If` on the input `sr`; the names of their constants differ in what stands in front.
 * @param path Only for the words of errors.
 * @throws ChorusError `model_failed` if it is another kind of file or another version's network.
 */
export function readSileroWeights(bytes: Uint8Array, path: string): SileroWeights {
  const halves = graphsIn(decoded(bytes, path)).map(floatConstants);
  const half = halves.find((one) => fits(one, 'stft.forward_basis_buffer'));
  const names = Object.keys(SHAPES) as SileroWeightName[];
  const missing = half ? names.filter((name) => !fits(half, name)) : names.slice(0, 1);
  if (!half || missing.length > 0) {
    throw wrongFile(path, `it has no ${missing.join(', ')} as Silero VAD v6 has for 16 kHz`);
  }
  const entries = names.map((name) => [name, floatsOf(constant(half, name))]);
  return Object.fromEntries(entries) as SileroWeights;
}

function decoded(bytes: Uint8Array, path: string): OnnxGraph {
  try {
    return decodeModel(bytes).graph;
  } catch (caught) {
    throw wrongFile(path, caught instanceof Error ? caught.message : String(caught));
  }
}

function wrongFile(path: string, why: string): ChorusError {
  return new ChorusError(
    'model_failed',
    `The voice activity detector ${path} is unusable: ${why}.`,
  );
}

/** A graph and all graphs inside its nodes. */
function graphsIn(graph: OnnxGraph): OnnxGraph[] {
  const inner = graph.nodes
    .flatMap(({ attributes }) => Object.values(attributes))
    .flatMap((attribute) => (attribute.type === 'graph' ? graphsIn(attribute.value) : []));
  return [graph, ...inner];
}

type Constants = readonly OnnxTensor[];

/** The constants of one graph, written as nodes or not, without those of the graphs inside it. */
function floatConstants(graph: OnnxGraph): Constants {
  const fromNodes = graph.nodes.flatMap(({ opType, outputs, attributes }) => {
    const { value } = attributes;
    if (opType !== 'Constant' || value?.type !== 'tensor') return [];
    return [{ ...value.value, name: outputs[0] ?? '' }];
  });
  const all = [...graph.initializers, ...fromNodes];
  return all.filter(({ elementType }) => elementType === ELEMENT.float32);
}

function constant(constants: Constants, name: SileroWeightName): OnnxTensor | undefined {
  return constants.find((one) => one.name.endsWith(name));
}

function fits(constants: Constants, name: SileroWeightName): boolean {
  const dims = constant(constants, name)?.dims;
  return dims?.join() === SHAPES[name].join();
}

/** A copy, because bytes within a file need not lie where floats may begin. */
function floatsOf(tensor: OnnxTensor | undefined): Float32Array {
  const data = tensor?.data;
  if (!(data instanceof Uint8Array)) return new Float32Array(0);
  return new Float32Array(Uint8Array.from(data).buffer);
}
