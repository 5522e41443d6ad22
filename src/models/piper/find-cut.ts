import { inputsOf, type GraphIndex } from '../onnx/graph-index.js';
import type { OnnxNode } from '../onnx/types.js';

/** Says why a graph cannot be cut; the voice then speaks whole sentences. */
export class CannotCut extends Error {
  override readonly name = 'CannotCut';
}

/** Standard normal noise that a graph draws. */
export interface Noise {
  readonly tensor: string;
  /** The tensor whose shape it has. */
  readonly like: string;
}

/** The tensors at which a VITS graph is cut, by their names in it. */
export interface CutPoints {
  readonly durationNoise: Noise;
  readonly durations: string;
  readonly noise: Noise;
  /** What the flow makes and the decoder turns into audio. */
  readonly latent: string;
  readonly audio: string;
  /** What the flow takes from the front, in the order in which it does. */
  readonly flowInputs: readonly string[];
  /** What the decoder takes from the front. */
  readonly decoderInputs: readonly string[];
}

const INPUTS = new Set(['input', 'input_lengths', 'scales', 'sid']);
const RANDOM = /^Random|^Multinomial$|^Bernoulli$/;

/**
 * Finds where a VITS graph can be cut, by its structure alone: exports name their tensors as they
 * like, but all draw two noises, round durations up and begin the decoder with a convolution.
 * @throws CannotCut if the graph has another structure.
 */
export function findCut(index: GraphIndex): CutPoints {
  const inputs = runTimeInputs(index);
  const audio = only(index.graph.outputs, 'output').name;
  const { durations, durationNoise, noise } = findNoises(index);
  const noisy = index.downstream([noise.tensor]);
  const latent = findLatent(index, noisy);
  const decoder = index.upstream([audio], new Set([latent]));
  if (decoder.some(({ outputs }) => outputs.includes(noise.tensor))) {
    throw new CannotCut('the decoder takes more than one tensor that depends on the noise');
  }
  const flow = index.upstream([latent]);
  const live = index.downstream([...inputs, durationNoise.tensor]);
  const frontier = (nodes: readonly OnnxNode[]) =>
    frontierOf(nodes, { index, noise: noise.tensor, noisy, live });
  return {
    durationNoise,
    durations,
    noise,
    latent,
    audio,
    flowInputs: frontier(flow),
    decoderInputs: frontier(decoder),
  };
}

function runTimeInputs(index: GraphIndex): string[] {
  const names = index.graph.inputs.map(({ name }) => name);
  const live = names.filter((name) => !index.constants.has(name));
  const needed = [...INPUTS].filter((name) => name !== 'sid');
  if (live.every((name) => INPUTS.has(name)) && needed.every((name) => live.includes(name))) {
    return live;
  }
  throw new CannotCut(`its inputs are ${live.join(', ')}, not those of a Piper voice`);
}

function findNoises(index: GraphIndex): Pick<CutPoints, 'durations' | 'durationNoise' | 'noise'> {
  const { nodes } = index.graph;
  const durations = outputOf(
    only(
      nodes.filter(({ opType }) => opType === 'Ceil'),
      'node that rounds durations up',
    ),
  );
  const random = nodes.filter(({ opType }) => RANDOM.test(opType));
  if (random.length !== 2 || !random.every(isStandardNormal)) {
    const found = random.map(({ opType }) => opType).join(', ') || 'none';
    throw new CannotCut(`it draws other noise than two standard normal ones (${found})`);
  }
  const before = new Set(index.upstream([durations]));
  const ofDurations = random.filter((node) => before.has(node));
  const others = random.filter((node) => !before.has(node));
  return {
    durations,
    durationNoise: noiseOf(only(ofDurations, 'noise of the durations')),
    noise: noiseOf(only(others, 'noise of the latent')),
  };
}

function isStandardNormal({ opType, attributes }: OnnxNode): boolean {
  const { mean, scale } = attributes;
  const isMean0 = mean === undefined || mean.value === 0;
  const isScale1 = scale === undefined || scale.value === 1;
  return opType === 'RandomNormalLike' && isMean0 && isScale1;
}

/** Back from the first upsampling to the convolution before it: that one takes the latent. */
function findLatent(index: GraphIndex, noisy: ReadonlySet<string>): string {
  const upsampling = index.graph.nodes.find(
    ({ opType, inputs }) => opType === 'ConvTranspose' && noisy.has(inputs[0] ?? ''),
  );
  if (!upsampling) throw new CannotCut('it has no transposed convolution: not a known decoder');
  const first = new Set<OnnxNode>();
  const visited = new Set(upsampling.inputs.slice(0, 1));
  for (const name of visited) {
    const maker = noisy.has(name) ? index.maker(name) : undefined;
    if (maker?.opType === 'Conv') first.add(maker);
    else for (const input of maker?.inputs ?? []) visited.add(input);
  }
  const [latent = ''] = only([...first], 'convolution before the upsampling').inputs;
  if (!noisy.has(latent)) throw new CannotCut('the decoder does not depend on the noise');
  return latent;
}

interface Dependence {
  readonly index: GraphIndex;
  readonly noise: string;
  /** All that depends on the noise of the latent. */
  readonly noisy: ReadonlySet<string>;
  /** All that depends on the graph's inputs or the noise of the durations. */
  readonly live: ReadonlySet<string>;
}

/** What the noisy ones among `nodes` take from those that are not. */
function frontierOf(nodes: readonly OnnxNode[], dependence: Dependence): string[] {
  const { index, noise, noisy, live } = dependence;
  const side = nodes.filter(
    ({ outputs }) => !outputs.includes(noise) && outputs.some((name) => noisy.has(name)),
  );
  const taken = side.flatMap((node) => inputsOf(node));
  const found = [...new Set(taken)].filter((name) => live.has(name) && !noisy.has(name));
  const bare = found.find((name) => index.maker(name) === undefined);
  if (bare !== undefined) throw new CannotCut(`the flow or the decoder takes ${bare} as it is`);
  return found;
}

function noiseOf(node: OnnxNode): Noise {
  return { tensor: outputOf(node), like: node.inputs[0] ?? '' };
}

function outputOf(node: OnnxNode): string {
  return node.outputs[0] ?? '';
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new CannotCut(`it has ${found.length || 'no'} ${what} where one is expected`);
  }
  return first;
}
