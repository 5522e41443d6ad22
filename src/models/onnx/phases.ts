import { int64Constant } from './int64-constant.js';
import { intsOf } from './node-ints.js';
import { ELEMENT, type OnnxGraph, type OnnxNode, type OnnxTensor } from './types.js';
import { isPlainConvolution } from './widen-node.js';

/** Channels that onnxruntime's blocked layout computes at once, on CPUs with vectors of 256 bits. */
export const PHASES = 8;

/** A convolution to one channel, and its kernel. */
interface NarrowConvolution {
  readonly node: OnnxNode;
  readonly kernel: OnnxTensor & { readonly data: Uint8Array };
}

/**
 * Rewrites convolutions to a single channel as such to {@link PHASES} channels of every eighth sample,
 * which are put one after another again. The blocked layout pads channels up to eight, so that seven
 * eighths of its work for one channel are for nothing.
 * @param graph Before its convolutions are widened. What these make must have a multiple of
 * {@link PHASES} samples.
 */
export function phasedConvolutions(graph: OnnxGraph): OnnxGraph {
  const constants = new Map(graph.initializers.map((one) => [one.name, one]));
  const narrow = graph.nodes.flatMap((node) => narrowConvolution(node, constants) ?? []);
  if (narrow.length === 0) return graph;
  const parts = new Map(narrow.map((one, index) => [one.node, phased(one, `phases ${index}`)]));
  const nodes = graph.nodes.flatMap((node) => parts.get(node)?.nodes ?? [node]);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const added = [...parts.values()].flatMap(({ constants: own }) => own);
  const initializers = [...graph.initializers, ...added].filter(({ name }) => used.has(name));
  return { ...graph, nodes, initializers };
}

function narrowConvolution(
  node: OnnxNode,
  constants: ReadonlyMap<string, OnnxTensor>,
): NarrowConvolution | undefined {
  const [, weight = '', bias] = node.inputs;
  const kernel = constants.get(weight);
  if (node.opType !== 'Conv' || bias !== undefined || !isPlainConvolution(node, constants)) return;
  if (!kernel || kernel.elementType !== ELEMENT.float32 || !(kernel.data instanceof Uint8Array))
    return;
  const [outputs = 0, , taps = 0] = kernel.dims;
  const margin = (taps - 1) / 2;
  const keepsLength = String(intsOf(node, 'pads')) === `${margin},${margin}`;
  const isDense = [...intsOf(node, 'strides'), ...intsOf(node, 'dilations')].every(
    (one) => one === 1,
  );
  const isWhole = Number(node.attributes['group']?.value ?? 1) === 1;
  if (outputs !== 1 || !keepsLength || !isDense || !isWhole) return;
  return { node, kernel: { ...kernel, data: kernel.data } };
}

function phased({ node, kernel }: NarrowConvolution, name: string) {
  const [, channels = 0, taps = 0] = kernel.dims;
  const [data = ''] = node.inputs;
  const margin = (taps - 1) / 2;
  const weight = phaseKernel(kernel);
  const add = (
    opType: string,
    inputs: string[],
    output: string,
    lists: Record<string, number[]>,
  ) => ({
    ...{ opType, domain: '', name: output, inputs, outputs: [output] },
    attributes: Object.fromEntries(
      Object.entries(lists).map(([key, value]) => [key, { type: 'ints', value } as const]),
    ),
  });
  const constants: OnnxTensor[] = [
    {
      name,
      elementType: ELEMENT.float32,
      dims: [PHASES, channels, taps + PHASES - 1],
      data: weight,
    },
    int64Constant(`${name} flat`, [1, 1, -1]),
  ];
  const nodes: OnnxNode[] = [
    add('Conv', [data, name], `${name} apart`, {
      ...{ kernel_shape: [taps + PHASES - 1], pads: [margin, margin] },
      ...{ strides: [PHASES], dilations: [1] },
    }),
    add('Transpose', [`${name} apart`], `${name} in turn`, { perm: [0, 2, 1] }),
    add('Reshape', [`${name} in turn`, `${name} flat`], node.outputs[0] ?? '', {}),
  ];
  return { nodes, constants };
}

/** [1, channels, taps] → [phases, channels, taps + phases - 1]: each phase's taps start one later. */
function phaseKernel({ dims, data }: NarrowConvolution['kernel']): Uint8Array {
  const [, channels = 0, taps = 0] = dims;
  const kernel = new Float32Array(Uint8Array.from(data).buffer);
  const width = taps + PHASES - 1;
  const wide = new Float32Array(PHASES * channels * width);
  for (let phase = 0; phase < PHASES; phase += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const row = kernel.subarray(channel * taps, (channel + 1) * taps);
      wide.set(row, (phase * channels + channel) * width + phase);
    }
  }
  return new Uint8Array(wide.buffer);
}
