import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';

import { CUT_FILES, type CutInput } from './cut-file.js';
import { CannotCut } from './find-cut.js';
import { type FrameRange, sliceRows } from './frame-range.js';
import { probeNoise } from './probe.js';

/** Values by their names in a graph. */
export type Values = Readonly<Record<string, Tensor>>;

/** One thread: the build of a model must not take a machine that serves others. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: { session: { 'intra_op.allow_spinning': '0' } },
};

/** Runs the graph of a file or of some bytes. */
export async function openGraph(source: string | Uint8Array): Promise<InferenceSession> {
  return typeof source === 'string'
    ? InferenceSession.create(source, SESSION_OPTIONS)
    : InferenceSession.create(source, SESSION_OPTIONS);
}

/** What the whole graph and the front take alike. */
export function textInputs(
  ids: readonly number[],
  { names, scales }: { readonly names: readonly string[]; readonly scales: readonly number[] },
): Values {
  const int64 = (values: readonly number[], dims: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  return {
    input: int64(ids, [1, ids.length]),
    input_lengths: int64([ids.length], [1]),
    scales: floatTensor(Float32Array.from(scales), [3]),
    ...(names.includes('sid') && { sid: int64([0], [1]) }),
  };
}

/** A tensor of floats. */
export function floatTensor(data: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor('float32', data, dims);
}

/** The noise that the front takes for so many phoneme ids. */
export function durationNoise(phonemes: number, seed: number): Values {
  const dims = [1, 2, phonemes];
  return { duration_noise: floatTensor(probeNoise(2 * phonemes, seed), dims) };
}

/** A copy of the output of a run under a name; all of ours are floats. */
export function floatsOf(values: Values, name: string): Float32Array {
  const data = values[name]?.data;
  if (!(data instanceof Float32Array)) throw new CannotCut(`${name} is not made of 32-bit floats`);
  return data.slice();
}

/** A time axis's part of a tensor whose last axis it is. */
export function sliceFrames(tensor: Tensor, range: FrameRange): Tensor {
  const data = sliceRows(tensor.data as Float32Array, tensor.dims.at(-1) ?? 0, range);
  return floatTensor(data, [...tensor.dims.slice(0, -1), range.to - range.from]);
}

/** The three graphs of a cut voice, opened. */
export class CutSessions {
  readonly #front: InferenceSession;
  readonly #flow: InferenceSession;
  readonly #decoder: InferenceSession;

  private constructor([front, flow, decoder]: readonly [
    InferenceSession,
    InferenceSession,
    InferenceSession,
  ]) {
    this.#front = front;
    this.#flow = flow;
    this.#decoder = decoder;
  }

  static async open(dir: string): Promise<CutSessions> {
    const open = (name: string) => openGraph(join(dir, name));
    const front = await open(CUT_FILES.front);
    return new CutSessions([front, await open(CUT_FILES.flow), await open(CUT_FILES.decoder)]);
  }

  /** Speaks the front's part: durations and all that the other two take. */
  async front(ids: readonly number[], scales: readonly number[]): Promise<Values> {
    const text = textInputs(ids, { names: this.#front.inputNames, scales });
    return this.#front.run({ ...text, ...durationNoise(ids.length, 1) });
  }

  /** Makes a latent of all frames of `values`, which has the noise too. */
  async flow(values: Values): Promise<Tensor> {
    return latentOf(await this.#flow.run(named(values, this.#flow.inputNames)));
  }

  /** Makes samples of all frames of `values`, which has the latent too. */
  async decoder(values: Values): Promise<Float32Array> {
    const outputs = await this.#decoder.run(named(values, this.#decoder.inputNames));
    return floatsOf(outputs, 'audio');
  }

  async close(): Promise<void> {
    for (const session of [this.#front, this.#flow, this.#decoder]) await session.release();
  }
}

function latentOf(outputs: Values): Tensor {
  const { latent } = outputs;
  if (!latent) throw new CannotCut('the flow makes no latent');
  return latent;
}

function named(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values[name];
      return value ? [[name, value]] : [];
    }),
  );
}

/** The values of a window: slices of those that have frames, all of those that are constant. */
export function windowOf(values: Values, inputs: readonly CutInput[], frames: FrameRange): Values {
  return Object.fromEntries(
    inputs.flatMap(({ name, kind }) => {
      const value = values[name];
      if (!value) return [];
      return [[name, kind === 'frames' ? sliceFrames(value, frames) : value]];
    }),
  );
}
