import type { InferenceSession } from 'onnxruntime-node';

import { encodeModel } from '../onnx/encode.js';
import type { OnnxModel } from '../onnx/types.js';
import type { CutInput } from './cut-file.js';
import { durationNoise, floatsOf, openGraph, textInputs, type Values } from './cut-run.js';
import { CannotCut } from './find-cut.js';
import { frontGraph, type CutSource, type FrontOutputs } from './part-graphs.js';

/** Ordinary scales of a Piper voice: noise, length, noise of the durations. */
export const ORDINARY_SCALES = [0.667, 1, 0.8];

/** Names of the front's outputs, by tensor of the whole graph. */
export function frontNames({ points }: CutSource): Map<string, string> {
  const names = new Map(points.flowInputs.map((tensor, i) => [tensor, `flow_${i}`]));
  for (const [i, tensor] of points.decoderInputs.entries()) {
    // What both take has one name.
    if (!names.has(tensor)) names.set(tensor, `decoder_${i}`);
  }
  return names;
}

/**
 * Runs the front with two texts to learn the shapes of what it makes: what grows with the audio has
 * frames, what stays the same is constant.
 * @throws CannotCut if something is neither, or the noises have unknown shapes.
 */
export async function probeFront(
  source: CutSource,
  model: OnnxModel,
  ids: readonly number[],
): Promise<FrontOutputs> {
  const names = frontNames(source);
  const outputs = withLikes(names, source);
  const bytes = encodeModel({ ...model, graph: frontGraph(source, outputs) });
  const session = await openGraph(bytes);
  try {
    const long = await runFront(session, ids);
    const short = await runFront(session, [...ids.slice(0, ids.length / 2), ...ids.slice(-1)]);
    const dimsOf = (tensor: string) => long.values[outputs.get(tensor) ?? '']?.dims ?? [];
    const channels = channelsOf(dimsOf, { source, frames: long.frames, phonemes: ids.length });
    const inputs = [...names].map(([tensor, name]) => {
      const kind = kindOf(name, { long, short });
      return [tensor, { name, kind, dims: dimsOf(tensor) }] as const;
    });
    return { inputs: new Map(inputs), channels };
  } finally {
    await session.release();
  }
}

/** Adds the tensors whose shapes the noises have. */
function withLikes(names: ReadonlyMap<string, string>, { points }: CutSource): Map<string, string> {
  const outputs = new Map(names);
  for (const { like } of [points.noise, points.durationNoise]) {
    if (!outputs.has(like)) outputs.set(like, `like_${outputs.size}`);
  }
  return outputs;
}

/** Width of the latent's noise, once both noises are known to have the shapes of VITS. */
function channelsOf(
  dimsOf: (tensor: string) => readonly number[],
  run: { readonly source: CutSource; readonly frames: number; readonly phonemes: number },
): number {
  const { noise, durationNoise } = run.source.points;
  expectDims(dimsOf(durationNoise.like), [1, 2, run.phonemes], 'noise of the durations');
  const [, channels = 0] = dimsOf(noise.like);
  expectDims(dimsOf(noise.like), [1, channels, run.frames], 'noise of the latent');
  return channels;
}

interface FrontRun {
  readonly values: Values;
  readonly frames: number;
}

async function runFront(session: InferenceSession, ids: readonly number[]): Promise<FrontRun> {
  const text = textInputs(ids, { names: session.inputNames, scales: ORDINARY_SCALES });
  const values = await session.run({ ...text, ...durationNoise(ids.length, 1) });
  const durations = values['durations'];
  expectDims(durations?.dims ?? [], [1, 1, ids.length], 'durations');
  return { values, frames: framesOf(values) };
}

/** Number of frames of a text that the front has seen. */
export function framesOf(values: Values): number {
  const sum = floatsOf(values, 'durations').reduce((total, one) => total + one, 0);
  return Math.max(1, sum);
}

function kindOf(
  name: string,
  { long, short }: { readonly long: FrontRun; readonly short: FrontRun },
): CutInput['kind'] {
  const [inLong, inShort] = [long, short].map(({ values }) => values[name]?.dims ?? []);
  const grows = [long, short].every(({ values, frames }) => {
    const dims = values[name]?.dims ?? [];
    return dims.length === 3 && dims[2] === frames;
  });
  if (grows && long.frames !== short.frames) return 'frames';
  if (String(inLong) === String(inShort)) return 'constant';
  throw new CannotCut(
    `${name} is [${String(inLong)}] for ${long.frames} frames and [${String(inShort)}] for ` +
      `${short.frames}: it can be cut into no windows`,
  );
}

function expectDims(found: readonly number[], expected: readonly number[], what: string): void {
  if (String(found) === String(expected)) return;
  throw new CannotCut(`the ${what}: its shape is [${found.join()}], not [${expected.join()}]`);
}
