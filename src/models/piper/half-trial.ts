import { join } from 'node:path';

import type { InferenceSession } from 'onnxruntime-node';

import { encodeModel } from '../onnx/encode.js';
import { halfGraph, type HalfOptions } from '../onnx/half.js';
import { measuringGraph } from '../onnx/ranges.js';
import type { OnnxModel } from '../onnx/types.js';
import { CUT_FILES, type WindowedCut } from './cut-file.js';
import {
  CutSessions,
  floatTensor,
  floatsOf,
  openGraph,
  trimTensors,
  type Values,
} from './cut-run.js';
import type { HalfPart } from './half-file.js';
import { framesOf, ORDINARY_SCALES } from './probe-front.js';
import { probeNoise } from './probe.js';
import { trimWindow } from './trims.js';

/** Seeds of the noise that the takes of the text are spoken with. */
const TAKES = [2, 3];
/** A take with more noise than any voice asks for, for the largest values. */
const LOUD_SCALES = [1, 1, 1];

/** A cut voice and a text to try it with. */
export interface TrialVoice {
  readonly modelDir: string;
  readonly cut: WindowedCut;
  readonly ids: readonly number[];
  /** With all their constants. */
  readonly models: Readonly<Record<HalfPart, OnnxModel>>;
}

/** What to keep in 32 bits of each part that is put into 16; the others stay as they are. */
export type HalfParts = ReadonlyMap<HalfPart, HalfOptions['keeps']>;

interface Take {
  readonly flow: Values;
  readonly decoder: Values;
  readonly audio: Float32Array;
}

/** Speaks with a voice as it is, and as it would be in 16 bits. */
export class HalfTrial {
  readonly #voice: TrialVoice;
  #takes: Promise<readonly Take[]> | undefined;

  constructor(voice: TrialVoice) {
    this.#voice = voice;
  }

  /** Tensors whose largest magnitude lies outside of some bounds; what is 0 throughout is fit. */
  async unfit(bounds: {
    readonly min: number;
    readonly max: number;
  }): Promise<Readonly<Record<HalfPart, ReadonlySet<string>>>> {
    const takes = await this.#speak();
    const of = async (part: HalfPart): Promise<ReadonlySet<string>> => {
      const magnitudes = await this.#magnitudes(part, takes);
      const found = [...magnitudes].filter(
        ([, value]) => !(value <= bounds.max) || (value > 0 && value < bounds.min),
      );
      return new Set(found.map(([name]) => name));
    };
    return { flow: await of('flow'), decoder: await of('decoder') };
  }

  /**
   * The lowest ratio of the voice to the difference that 16 bits make, over all takes. What they do is
   * emulated: on a CPU onnxruntime would not do it.
   */
  async snrDb(parts: HalfParts): Promise<number> {
    const takes = await this.#speak();
    const flow = await this.#open('flow', parts);
    const decoder = await this.#open('decoder', parts);
    try {
      const ratios: number[] = [];
      for (const take of takes) {
        const { latent } = await flow.run(take.flow);
        if (!latent) throw new Error('the flow makes no latent');
        const audio = floatsOf(await decoder.run({ ...take.decoder, latent }), 'audio');
        ratios.push(signalToDifferenceDb(take.audio, audio));
      }
      return Math.min(...ratios);
    } finally {
      await flow.release();
      await decoder.release();
    }
  }

  #open(part: HalfPart, parts: HalfParts): Promise<InferenceSession> {
    const model = this.#voice.models[part];
    const keeps = parts.get(part);
    if (keeps === undefined) return openGraph(join(this.#voice.modelDir, CUT_FILES[part]));
    const graph = halfGraph(model.graph, { keeps, isEmulated: true });
    return openGraph(encodeModel({ ...model, graph }));
  }

  async #magnitudes(part: HalfPart, takes: readonly Take[]): Promise<ReadonlyMap<string, number>> {
    const model = this.#voice.models[part];
    const { graph, tensors } = measuringGraph(model.graph);
    const session = await openGraph(encodeModel({ ...model, graph }));
    const largest = new Map<string, number>();
    try {
      for (const take of takes) {
        const values = await session.run(take[part], [...tensors.keys()]);
        for (const [output, name] of tensors) {
          const [magnitude = 0] = floatsOf(values, output);
          // What is no number stays so.
          const before = largest.get(name) ?? 0;
          largest.set(name, magnitude > before || Number.isNaN(magnitude) ? magnitude : before);
        }
      }
    } finally {
      await session.release();
    }
    return largest;
  }

  #speak(): Promise<readonly Take[]> {
    return (this.#takes ??= this.#speakTakes());
  }

  async #speakTakes(): Promise<readonly Take[]> {
    const { modelDir, cut } = this.#voice;
    const rates = cut.decoderTrims.map(({ samplesPerFrame }) => samplesPerFrame);
    const sessions = await CutSessions.open(modelDir, rates);
    try {
      const takes: Take[] = [];
      for (const seed of TAKES) takes.push(await this.#take(sessions, seed, ORDINARY_SCALES));
      takes.push(await this.#take(sessions, 1, LOUD_SCALES));
      return takes;
    } finally {
      await sessions.close();
    }
  }

  async #take(sessions: CutSessions, seed: number, scales: readonly number[]): Promise<Take> {
    const { cut, ids } = this.#voice;
    const values = await sessions.front(ids, scales);
    const frames = framesOf(values);
    const noise = floatTensor(probeNoise(cut.channels * frames, seed), [1, cut.channels, frames]);
    const latent = await sessions.flow({ ...values, noise });
    const audio = await sessions.decoder({ ...values, latent });
    const own = (inputs: readonly { readonly name: string }[]): Values =>
      Object.fromEntries(
        inputs.flatMap(({ name }) => (values[name] ? [[name, values[name]]] : [])),
      );
    const window = { from: 0, to: frames };
    const { inputs } = trimWindow(window, frames, sessions.untrimmed);
    return {
      flow: { ...own(cut.flowInputs), noise },
      decoder: { ...own(cut.decoderInputs), ...trimTensors(inputs), latent },
      audio,
    };
  }
}

/** How much stronger a signal is than the difference of another one from it; infinite if there is none. */
export function signalToDifferenceDb(signal: Float32Array, other: Float32Array): number {
  if (signal.length !== other.length) return Number.NEGATIVE_INFINITY;
  let power = 0;
  let difference = 0;
  for (const [index, value] of signal.entries()) {
    power += value * value;
    difference += (value - (other[index] ?? Number.NaN)) ** 2;
  }
  return 10 * Math.log10(power / difference);
}
