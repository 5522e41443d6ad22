import { extractPart, type Border } from '../onnx/extract.js';
import type { GraphIndex } from '../onnx/graph-index.js';
import { int64Constant } from '../onnx/int64-constant.js';
import { ELEMENT, type OnnxGraph } from '../onnx/types.js';
import { PHASES, phasedConvolutions } from '../onnx/phases.js';
import { widenConvolutions } from '../onnx/widen.js';
import type { CutInput } from './cut-file.js';
import type { CutPoints } from './find-cut.js';
import { trimmableDecoder, type TrimmableDecoder } from './trim-graph.js';

/** A whole graph and where it is cut. */
export interface CutSource {
  readonly index: GraphIndex;
  readonly points: CutPoints;
  /** Version of ONNX's own operators. */
  readonly opset: number;
}

/** What the front gives to the graphs behind it, and in which shapes. */
export interface FrontOutputs {
  /** By tensor of the whole graph. */
  readonly inputs: ReadonlyMap<string, CutInput & { readonly dims: readonly number[] }>;
  /** Width of the latent. */
  readonly channels: number;
}

/** The first whose Unsqueeze takes its axes as an input. */
const WIDENING_OPSET = 13;
const FRAMES = 'frames';
const PHONEMES = 'phonemes';

function floats(tensor: string, name: string, shape?: readonly (number | string)[]): Border {
  const info = { tensor, name, elementType: ELEMENT.float32 };
  return shape ? { ...info, shape } : info;
}

/** The front, with outputs of the given names (by tensor) beside the durations. */
export function frontGraph(
  { index, points }: CutSource,
  names: ReadonlyMap<string, string>,
): OnnxGraph {
  const texts = index.graph.inputs
    .filter(({ name }) => !index.constants.has(name))
    .map((input) => ({ ...input, tensor: input.name }));
  return extractPart(index, {
    name: 'front',
    inputs: [...texts, floats(points.durationNoise.tensor, 'duration_noise', [1, 2, PHONEMES])],
    outputs: [
      floats(points.durations, 'durations'),
      ...[...names].map(([tensor, name]) => floats(tensor, name)),
    ],
  });
}

/** The flow: noise and what the front says of each frame → latent. */
export function flowGraph(source: CutSource, { inputs, channels }: FrontOutputs): OnnxGraph {
  const { index, points } = source;
  const shape = [1, channels, FRAMES];
  return extractPart(index, {
    name: 'flow',
    inputs: [floats(points.noise.tensor, 'noise', shape), ...borders(points.flowInputs, inputs)],
    outputs: [floats(points.latent, 'latent', shape)],
  });
}

/** The decoder: latent → samples, flat. */
export function decoderGraph(
  source: CutSource,
  { inputs, channels }: FrontOutputs,
): TrimmableDecoder {
  const { index, points } = source;
  const graph = extractPart(index, {
    name: 'decoder',
    inputs: [
      floats(points.latent, 'latent', [1, channels, FRAMES]),
      ...borders(points.decoderInputs, inputs),
    ],
    outputs: [floats(points.audio, 'shaped')],
  });
  // What comes in frame by frame on the way would have to be trimmed with it.
  const isFed = points.decoderInputs.some((tensor) => inputs.get(tensor)?.kind === 'frames');
  const trimmable = isFed
    ? { graph, samplesPerFrame: [] as const }
    : trimmableDecoder(graph, { latent: 'latent', audio: 'shaped' });
  const { hopSamples = 1 } = trimmable;
  const isPhased = hopSamples % PHASES === 0;
  const phased = isPhased ? phasedConvolutions(trimmable.graph) : trimmable.graph;
  return { ...trimmable, graph: flattened(widened(phased, source)) };
}

/**
 * Only the decoder gains by it. The others' convolutions are short or dense enough as they are, and in
 * the blocked layout each replica would hold a copy of their weights, instead of the mapped file: 37 MB
 * for the flow of a voice of middle quality.
 */
function widened(graph: OnnxGraph, { opset }: CutSource): OnnxGraph {
  return opset < WIDENING_OPSET ? graph : widenConvolutions(graph);
}

function borders(tensors: readonly string[], known: FrontOutputs['inputs']): Border[] {
  return tensors.flatMap((tensor) => {
    const input = known.get(tensor);
    if (!input) return [];
    const { name, kind, dims } = input;
    return [floats(tensor, name, kind === 'constant' ? dims : [...dims.slice(0, -1), FRAMES])];
  });
}

/** Exports differ in how many axes of 1 they give their samples. */
function flattened(graph: OnnxGraph): OnnxGraph {
  const flat = int64Constant('flat', [-1]);
  const inputs = ['shaped', flat.name];
  const reshape = { opType: 'Reshape', domain: '', name: 'flatten', inputs, outputs: ['audio'] };
  return {
    ...graph,
    nodes: [...graph.nodes, { ...reshape, attributes: {} }],
    initializers: [...graph.initializers, flat],
    outputs: [{ name: 'audio', elementType: ELEMENT.float32, shape: ['samples'] }],
  };
}
