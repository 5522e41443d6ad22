import { Tensor } from 'onnxruntime-node';

import type { WindowedCut } from '../../models/piper/cut-file.js';
import type { Replica, ReplicaLoad, StepOutput } from '../engine.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';
import { type Frames, sliceFrames } from './frames.js';
import { feedsOf, openGraphs, type PiperGraphs, runGraph, tensorOf, trimFeeds } from './graphs.js';
import { makeAudible } from './loudness.js';
import { NoiseBank } from './noise.js';
import type {
  BeginStep,
  Begun,
  DecodeStep,
  FlowStep,
  NamedTensor,
  PiperResult,
  PiperStep,
  Section,
} from './steps.js';
import { scalesOf, type VoiceConfig } from './voice-config.js';
import { type FrameRange, widened, within } from '../../models/piper/frame-range.js';
import { trimWindow } from '../../models/piper/trims.js';
import { openingOf, SECTION_FRAMES } from './windows.js';
import { cutTensors } from './tensors.js';

/** The noises of one utterance. */
const DURATION_NOISE = 0;
const LATENT_NOISE = 1;
/** The durations' noise has two rows. */
const DURATION_CHANNELS = 2;

/** Opens a voice that was cut: its audio can be made window by window. */
export function openWindowReplica(
  load: ReplicaLoad,
  cut: WindowedCut,
  config: VoiceConfig,
): Promise<Replica<PiperStep, PiperResult>> {
  return ReplicaSessions.open(load, async (sessions) => {
    const graphs = await openGraphs(sessions, { cut, modelDir: load.modelDir });
    const voice = new WindowVoice(graphs, cut, config);
    return { ...sessions.held(), run: (step) => voice.run(step) };
  });
}

class WindowVoice {
  readonly #graphs: PiperGraphs;
  readonly #cut: WindowedCut;
  readonly #config: VoiceConfig;
  readonly #noise = new NoiseBank();

  constructor(graphs: PiperGraphs, cut: WindowedCut, config: VoiceConfig) {
    this.#graphs = graphs;
    this.#cut = cut;
    this.#config = config;
  }

  async run(step: PiperStep): Promise<StepOutput<PiperResult>> {
    if (step.kind === 'begin') return this.#begin(step);
    if (step.kind === 'flow') return sectionOutput(await this.#section(step));
    if (step.kind === 'decode') return samplesOutput(await this.#decode(step));
    throw new Error('A voice that was cut speaks no utterance as a whole.');
  }

  async #begin(step: BeginStep): Promise<StepOutput<Begun>> {
    const front = await this.#front(step);
    const { frames } = front;
    const opened = step.opens ? { opening: await this.#open(step, front) } : {};
    const isWhole = !step.opens && frames <= SECTION_FRAMES;
    const latent = isWhole ? await this.#latentOf(step, front, { from: 0, to: frames }) : undefined;
    // A short utterance's latent is made in the same step: the decoder needs little else of it.
    const tensors = isWhole ? this.#decoderTensors(front) : front.tensors;
    const result = { ...front, ...opened, tensors, ...(latent && { latent }) };
    return { result, transfer: buffersOf(result) };
  }

  async #front(step: BeginStep): Promise<Pick<Begun, 'durations' | 'frames' | 'tensors'>> {
    const { phonemeIds, lengthScale, speakerId = 0 } = step;
    const ids = BigInt64Array.from(phonemeIds, BigInt);
    const key = { ...step, stream: DURATION_NOISE };
    const noise = this.#noise.frames(key, DURATION_CHANNELS, { from: 0, to: ids.length });
    const outputs = await runGraph(this.#graphs.front, {
      input: new Tensor('int64', ids, [1, ids.length]),
      input_lengths: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), [1]),
      scales: new Tensor('float32', scalesOf(this.#config, lengthScale), [3]),
      duration_noise: tensorOf(noise),
      ...(this.#cut.hasSpeakers && {
        sid: new Tensor('int64', BigInt64Array.of(BigInt(speakerId)), [1]),
      }),
    });
    const durations = outputs.get('durations')?.data ?? new Float32Array();
    outputs.delete('durations');
    const frames = durations.reduce((sum, one) => sum + one, 0);
    return { durations, frames, tensors: [...outputs.values()] };
  }

  /** Audio of the first window: only as much of the flow is run as it needs. */
  async #open(step: BeginStep, front: Pick<Begun, 'frames' | 'tensors'>): Promise<Float32Array> {
    const window = openingOf(front.frames);
    const around = widened(window, this.#cut.decoderContextFrames, front.frames);
    const latent = await this.#latentOf(step, front, around);
    const inputs = cutTensors(front.tensors, this.#cut.decoderInputs, around);
    return this.#decode({ kind: 'decode', range: within(window, around), latent, inputs });
  }

  #latentOf(
    { seed, utterance }: BeginStep,
    { frames, tensors }: Pick<Begun, 'frames' | 'tensors'>,
    range: FrameRange,
  ): Promise<Frames> {
    const around = widened(range, this.#cut.flowContextFrames, frames);
    const inputs = cutTensors(tensors, this.#cut.flowInputs, around);
    return this.#flow({ kind: 'flow', seed, utterance, range, around, inputs });
  }

  async #section(step: FlowStep): Promise<Section> {
    const latent = await this.#flow(step);
    if (!step.window) return { latent };
    const { range, around, inputs } = step.window;
    const audio = await this.#decode({
      kind: 'decode',
      range: within(range, around),
      latent: sliceFrames(latent, within(around, step.range)),
      inputs,
    });
    return { latent, audio };
  }

  async #flow({ seed, utterance, range, around, inputs }: FlowStep): Promise<Frames> {
    const { channels } = this.#cut;
    const key = { seed, utterance, stream: LATENT_NOISE };
    const outputs = await runGraph(this.#graphs.flow, {
      ...feedsOf(inputs),
      noise: tensorOf(this.#noise.frames(key, channels, around)),
    });
    const data = outputs.get('latent')?.data ?? new Float32Array();
    const latent = { data, channels, frames: around.to - around.from };
    return sliceFrames(latent, within(range, around));
  }

  async #decode({ range, latent, inputs }: DecodeStep): Promise<Float32Array> {
    const { hopSamples, decoderTrims } = this.#cut;
    const { inputs: trims, seen } = trimWindow(range, latent.frames, decoderTrims);
    const outputs = await runGraph(this.#graphs.decoder, {
      ...feedsOf(inputs),
      ...trimFeeds(trims),
      latent: tensorOf(latent),
    });
    const audio = outputs.get('audio')?.data ?? new Float32Array();
    const kept = within(range, seen);
    return makeAudible(audio.slice(kept.from * hopSamples, kept.to * hopSamples));
  }

  #decoderTensors({ tensors }: Pick<Begun, 'tensors'>): NamedTensor[] {
    const names = new Set(this.#cut.decoderInputs.map(({ name }) => name));
    return tensors.filter(({ name }) => names.has(name));
  }
}

function sectionOutput(result: Section): StepOutput<Section> {
  const { latent, audio } = result;
  const arrays = audio ? [latent.data, audio] : [latent.data];
  return { result, transfer: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
}

function samplesOutput(result: Float32Array): StepOutput<Float32Array> {
  return { result, transfer: [result.buffer as ArrayBuffer] };
}

function buffersOf({ durations, tensors, opening, latent }: Begun): ArrayBuffer[] {
  const arrays = [durations, ...tensors.map(({ data }) => data), opening, latent?.data];
  return [...new Set(arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : [])))];
}
