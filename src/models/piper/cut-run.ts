import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';

import { CUT_FILES, type CutInput } from './cut-file.js';
import { CannotCut } from './find-cut.js';
import { type FrameRange, sliceRows, within } from './frame-range.js';
import { probeNoise } from './probe.js';
import { type Trim, type TrimInput, trimWindow, WHOLE_CONTEXT_FRAMES } from './trims.js';

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
  return {
    input: int64Tensor(ids, [1, ids.length]),
    input_lengths: int64Tensor([ids.length]),
    scales: floatTensor(Float32Array.from(scales), [3]),
    ...(names.includes('sid') && { sid: int64Tensor([0]) }),
  };
}

/** A tensor of whole numbers, flat unless `dims` says otherwise. */
function int64Tensor(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
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

/** A window of those frames that the decoder is given. */
export interface DecoderWindow {
  readonly window: FrameRange;
  readonly trims: readonly Trim[];
}

/** The three graphs of a cut voice, opened. */
export class CutSessions {
  readonly #front: InferenceSession;
  readonly #flow: InferenceSession;
  readonly #decoder: InferenceSession;
  /** The trims of the decoder, none of which drops anything. */
  readonly untrimmed: readonly Trim[];

  private constructor(
    [front, flow, decoder]: readonly [InferenceSession, InferenceSession, InferenceSession],
    samplesPerFrame: readonly number[],
  ) {
    this.#front = front;
    this.#flow = flow;
    this.#decoder = decoder;
    const contextFrames = WHOLE_CONTEXT_FRAMES;
    this.untrimmed = samplesPerFrame.map((samples) => ({
      samplesPerFrame: samples,
      contextFrames,
    }));
  }

  /** @param samplesPerFrame Of each trim of the decoder. */
  static async open(dir: string, samplesPerFrame: readonly number[]): Promise<CutSessions> {
    const open = (name: string) => openGraph(join(dir, name));
    const front = await open(CUT_FILES.front);
    const flow = await open(CUT_FILES.flow);
    return new CutSessions([front, flow, await open(CUT_FILES.decoder)], samplesPerFrame);
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

  /** Makes samples of `values`, which has the latent too: of a window or of all its frames. */
  async decoder(values: Values, options?: DecoderWindow): Promise<Float32Array> {
    const frames = values['latent']?.dims.at(-1) ?? 0;
    const { window, trims } = options ?? { window: { from: 0, to: frames }, trims: this.untrimmed };
    const { inputs, seen } = trimWindow(window, frames, trims);
    const feeds = { ...values, ...trimTensors(inputs) };
    const outputs = await this.#decoder.run(named(feeds, this.#decoder.inputNames));
    const audio = floatsOf(outputs, 'audio');
    const hop = audio.length / (seen.to - seen.from);
    const kept = within(window, seen);
    return audio.slice(kept.from * hop, kept.to * hop);
  }

  async close(): Promise<void> {
    for (const session of [this.#front, this.#flow, this.#decoder]) await session.release();
  }
}

/** Where a window's trims begin and end, as the decoder takes it. */
export function trimTensors(inputs: readonly TrimInput[]): Values {
  return Object.fromEntries(inputs.map(({ name, value }) => [name, int64Tensor([value])]));
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
