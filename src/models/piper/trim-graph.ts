import { GraphIndex, inputsOf } from '../onnx/graph-index.js';
import { int64Constant } from '../onnx/int64-constant.js';
import { intsOf } from '../onnx/node-ints.js';
import { ELEMENT, type OnnxGraph, type OnnxNode } from '../onnx/types.js';
import { trimNames } from './trims.js';

/** A decoder that can be told what to drop, and how long a frame is at each place where it does. */
export interface TrimmableDecoder {
  readonly graph: OnnxGraph;
  readonly samplesPerFrame: readonly number[];
  /** What all its upsamplings make of a frame; undefined if that is not known. */
  readonly hopSamples?: number;
}

/** Which tensors of a decoder are its frames and its audio. */
export interface DecoderEnds {
  readonly latent: string;
  readonly audio: string;
}

const TIME_AXIS = 2;
const AXIS_NAME = 'trim_axis';

/**
 * Lets a decoder drop context before each upsampling but the first. One that is not a plain chain of
 * upsamplings is left as it is: then all of a window's context goes through all of it.
 */
export function trimmableDecoder(graph: OnnxGraph, ends: DecoderEnds): TrimmableDecoder {
  const chain = upsamplingChain(new GraphIndex(graph), ends);
  if (!chain) return { graph, samplesPerFrame: [] };
  const [, ...trimmed] = chain;
  const samplesPerFrame = trimmed.map((_, index) => strideOf(chain.slice(0, index + 1)));
  const numbers = new Map(trimmed.map((node, index) => [node, index]));
  const nodes = graph.nodes.flatMap((node) => {
    const index = numbers.get(node);
    return index === undefined ? [node] : withTrim(node, index);
  });
  const ints = trimmed.flatMap((_, index) => Object.values(trimNames(index)));
  const inputs = ints.map((name) => ({ name, elementType: ELEMENT.int64, shape: [1] }));
  return {
    graph: {
      ...graph,
      nodes,
      inputs: [...graph.inputs, ...inputs],
      initializers: [...graph.initializers, int64Constant(AXIS_NAME, [TIME_AXIS])],
    },
    samplesPerFrame,
    hopSamples: strideOf(chain),
  };
}

/** The upsamplings in their order, if what comes before any of the later ones goes through it alone. */
function upsamplingChain(index: GraphIndex, ends: DecoderEnds): OnnxNode[] | undefined {
  const live = index.downstream([ends.latent]);
  const chain = index
    .upstream([ends.audio])
    .filter(({ opType, inputs }) => opType === 'ConvTranspose' && live.has(inputs[0] ?? ''));
  const isChain = chain.slice(1).every(({ inputs: [data = ''] }) => {
    const after = index.upstream([ends.audio], new Set([data]));
    const isOnlyWay = !after.some((node) => inputsOf(node).includes(ends.latent));
    return isOnlyWay && after.filter((node) => inputsOf(node).includes(data)).length === 1;
  });
  const isKnown = chain.every((node) => strideOf([node]) > 0);
  return isChain && isKnown ? chain : undefined;
}

/** How many samples the given upsamplings make of one; 0 if they do not say. */
function strideOf(nodes: readonly OnnxNode[]): number {
  return nodes.reduce((product, node) => product * (intsOf(node, 'strides')[0] ?? 0), 1);
}

function withTrim(node: OnnxNode, index: number): OnnxNode[] {
  const [data = '', ...others] = node.inputs;
  const { from, to } = trimNames(index);
  const slice: OnnxNode = {
    opType: 'Slice',
    domain: '',
    name: `trim ${index}`,
    inputs: [data, from, to, AXIS_NAME],
    outputs: [`${data} trimmed`],
    attributes: {},
  };
  return [slice, { ...node, inputs: [`${data} trimmed`, ...others] }];
}
