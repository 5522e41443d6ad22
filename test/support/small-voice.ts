import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GraphBuilder } from '../../src/models/onnx/builder.js';
import { encodeModel } from '../../src/models/onnx/encode.js';
import { ELEMENT, type OnnxModel } from '../../src/models/onnx/types.js';

/** What makes a small voice differ from one that can be cut. */
export interface SmallVoiceOptions {
  /** Speakers of the voice; with more than one it takes `sid`. */
  readonly speakers?: number;
  /** The decoder subtracts the mean over the whole text, so that windows cannot add up to it. */
  readonly normalisesOverTime?: boolean;
  /** The decoder repeats samples instead of a transposed convolution. */
  readonly repeats?: boolean;
  /** The decoder takes the noise itself beside the latent. */
  readonly bypass?: boolean;
}

const SYMBOLS = 16;
const WIDTH = 8;

/**
 * Makes a graph of the layout of VITS as Piper exports it, with random weights: 8 channels, 32
 * samples a frame.
 */
export function smallVoice(options: SmallVoiceOptions = {}): OnnxModel {
  const graph = new SmallVoice(options).build();
  return { irVersion: 8, producer: 'tests', opsets: { '': 15 }, metadata: {}, graph };
}

/** Lays a voice's files into a folder. */
export async function writeVoice(dir: string, model: OnnxModel): Promise<void> {
  const entries = Array.from({ length: SYMBOLS }, (_, id) => [String.fromCharCode(97 + id), [id]]);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'model.onnx'), encodeModel(model));
  const config = { phoneme_id_map: Object.fromEntries(entries) as unknown };
  await writeFile(join(dir, 'model.onnx.json'), JSON.stringify(config));
}

class SmallVoice {
  readonly #g = new GraphBuilder('small voice');
  readonly #options: SmallVoiceOptions;
  #weights = 0;

  constructor(options: SmallVoiceOptions) {
    this.#options = options;
  }

  build() {
    const g = this.#g;
    g.input('input', ELEMENT.int64, ['batch', 'phonemes']);
    g.input('input_lengths', ELEMENT.int64, ['batch']);
    g.input('scales', ELEMENT.float32, [3]);
    const scale = (at: number) => g.node('Gather', ['scales', g.ints(at)]);
    const [noiseScale, lengthScale, noiseW] = [scale(0), scale(1), scale(2)];
    const table = this.#weight([SYMBOLS, WIDTH]);
    const x = this.#transposed(g.node('Gather', [table, 'input']));
    const durations = this.#durations(x, { lengthScale, noiseW });
    const { attention, mask } = this.#alignment(durations);
    const spread = (values: string) =>
      this.#transposed(g.node('MatMul', [attention, this.#transposed(values)]));
    const mean = spread(this.#conv(x, [WIDTH, WIDTH, 1]));
    const deviation = g.node('Exp', [spread(this.#conv(x, [WIDTH, WIDTH, 1]))]);
    const noise = g.node('RandomNormalLike', [mean]);
    const scaled = g.node('Mul', [g.node('Mul', [noise, deviation]), noiseScale]);
    const speaker = this.#speaker();
    const latent = this.#flow(g.node('Add', [mean, scaled]), { mask, speaker });
    this.#decoder(latent, { speaker, noise });
    return g.build([]);
  }

  #speaker(): string | undefined {
    const { speakers = 1 } = this.#options;
    if (speakers === 1) return undefined;
    this.#g.input('sid', ELEMENT.int64, ['batch']);
    const chosen = this.#g.node('Gather', [this.#weight([speakers, WIDTH]), 'sid']);
    return this.#g.node('Unsqueeze', [chosen, this.#g.ints([-1])]);
  }

  #durations(x: string, scales: Readonly<Record<'lengthScale' | 'noiseW', string>>): string {
    const g = this.#g;
    const hidden = this.#conv(x, [2, WIDTH, 3], { pads: [1, 1] });
    const noise = g.node('Mul', [g.node('RandomNormalLike', [hidden]), scales.noiseW]);
    const small = g.node('Mul', [g.node('Add', [hidden, noise]), this.#number(0.3)]);
    const log = g.node('Slice', [small, g.ints([0]), g.ints([1]), g.ints([1])]);
    const frames = g.node('Mul', [g.node('Exp', [log]), this.#number(4)]);
    return g.node('Ceil', [g.node('Mul', [frames, scales.lengthScale])]);
  }

  #alignment(durations: string): { readonly attention: string; readonly mask: string } {
    const g = this.#g;
    const int64 = (value: string) => g.node('Cast', [value], { attributes: { to: ELEMENT.int64 } });
    const float = (value: string) =>
      g.node('Cast', [value], { attributes: { to: ELEMENT.float32 } });
    const total = g.node('ReduceSum', [durations, g.ints([1, 2])], { attributes: { keepdims: 0 } });
    const count = g.node('ReduceMax', [int64(total)], { attributes: { keepdims: 0 } });
    const range = g.node('Range', [g.ints(0), count, g.ints(1)]);
    const within = g.node('Less', [
      g.node('Unsqueeze', [range, g.ints([0])]),
      g.node('Unsqueeze', [int64(total), g.ints([1])]),
    ]);
    const mask = float(g.node('Unsqueeze', [within, g.ints([1])]));
    const ends = g.node('CumSum', [durations, g.ints(2)]);
    const frame = g.node('Unsqueeze', [float(range), g.ints([1])]);
    const begun = g.node('GreaterOrEqual', [frame, g.node('Sub', [ends, durations])]);
    const going = g.node('Less', [frame, ends]);
    return { attention: float(g.node('And', [begun, going])), mask };
  }

  #flow(z: string, { mask, speaker }: { mask: string; speaker: string | undefined }): string {
    const g = this.#g;
    const [first, second] = ['flow first', 'flow second'];
    g.node('Split', [z], { outputs: [first, second], attributes: { axis: 1 } });
    const hidden = this.#conv(first, [WIDTH, WIDTH / 2, 5], { pads: [2, 2] });
    const told = speaker === undefined ? hidden : g.node('Add', [hidden, this.#told(speaker)]);
    const change = this.#conv(g.node('Tanh', [told]), [WIDTH / 2, WIDTH, 1]);
    const changed = g.node('Sub', [second, g.node('Mul', [change, mask])]);
    const joined = g.node('Concat', [changed, first], { attributes: { axis: 1 } });
    return g.node('Mul', [joined, mask]);
  }

  #decoder(latent: string, other: { speaker: string | undefined; noise: string }): void {
    const g = this.#g;
    const { normalisesOverTime, repeats, bypass } = this.#options;
    let x = this.#conv(latent, [WIDTH, WIDTH, 7], { pads: [3, 3] });
    if (other.speaker !== undefined) x = g.node('Add', [x, this.#told(other.speaker)]);
    if (bypass) x = g.node('Add', [x, other.noise]);
    if (normalisesOverTime) {
      const mean = g.node('ReduceMean', [x], { attributes: { axes: [2], keepdims: 1 } });
      x = g.node('Sub', [x, mean]);
    }
    x = g.node('LeakyRelu', [x], { typed: { alpha: { type: 'float', value: 0.1 } } });
    if (repeats) {
      const scales = g.floats('scales of repeats', Float32Array.of(1, 1, 32), [3]);
      x = g.node('Resize', [x, '', scales]);
    } else {
      x = this.#conv(x, [WIDTH, 6, 16], { pads: [4, 4], strides: [8] }, 'ConvTranspose');
      x = this.#conv(x, [6, WIDTH, 8], { pads: [2, 2], strides: [4] }, 'ConvTranspose');
    }
    x = this.#conv(x, [6, WIDTH, 3], { pads: [3, 3], dilations: [3] });
    x = g.node('Tanh', [this.#conv(x, [1, 6, 7], { pads: [3, 3] })]);
    g.node('Unsqueeze', [x, g.ints([1])], { outputs: ['output'] });
    g.output('output', ELEMENT.float32, ['batch', 'time', 1, 'samples']);
  }

  /** What a layer is told of the speaker. */
  #told(speaker: string): string {
    return this.#conv(speaker, [WIDTH, WIDTH, 1]);
  }

  #transposed(values: string): string {
    return this.#g.node('Transpose', [values], { attributes: { perm: [0, 2, 1] } });
  }

  #conv(
    x: string,
    dims: readonly [number, number, number],
    attributes: Readonly<Record<string, readonly number[]>> = {},
    opType = 'Conv',
  ): string {
    const bias = this.#weight([opType === 'Conv' ? dims[0] : dims[1]]);
    const all = { kernel_shape: [dims[2]], ...attributes };
    return this.#g.node(opType, [x, this.#weight(dims), bias], { attributes: all });
  }

  #number(value: number): string {
    return this.#g.floats(`number ${value}`, Float32Array.of(value), []);
  }

  /** Random, but the same for every voice of the same layout. */
  #weight(dims: readonly number[]): string {
    const seed = this.#weights++;
    const count = dims.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: count }, (_, i) => Math.sin(seed * 7 + i * i * 1.7));
    const spread = 1.5 / Math.sqrt(count / (dims[0] ?? 1));
    return this.#g.floats(
      `weight ${seed}`,
      values.map((value) => value * spread),
      dims,
    );
  }
}
