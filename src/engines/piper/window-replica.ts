import { Tensor } from 'onnxruntime-node';

import type { WindowedCut } from '../../models/piper/cut-file.js';
import { readHalf } from '../../models/piper/half-file.js';
import { bucketOf, isPadded } from '../buckets.js';
import type { Replica, ReplicaLoad, StepOutput } from '../engine.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';
import { type PiperBuckets, piperBuckets } from './buckets.js';
import { type Frames, padFrames, sliceFrames } from './frames.js';
import {
  feedsOf,
  idFeeds,
  openGraphs,
  type PiperGraphs,
  runGraph,
  tensorOf,
  trimFeeds,
} from './graphs.js';
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
import { type Trim, trimWindow, WHOLE_CONTEXT_FRAMES } from '../../models/piper/trims.js';
import { openingOf, SECTION_FRAMES } from './windows.js';
import { cutTensors, padTensors } from './tensors.js';

/** The noises of one utterance. */
const DURATION_NOISE = 0;
const LATENT_NOISE = 1;
/** The durations' noise has two rows. */
const DURATION_CHANNELS = 2;

/** Opens a voice that was cut: its audio can be made window by window. */
export async function openWindowReplica(
  load: ReplicaLoad,
  cut: WindowedCut,
  config: VoiceConfig,
): Promise<Replica<PiperStep, PiperResult>> {
  const known = piperBuckets(load.card, cut, config.phoneme_id_map);
  const { modelDir } = load;
  const half = await readHalf(modelDir);
  return ReplicaSessions.open(load, async (sessions) => {
    const halves = sessions.precision === 'fp16' ? (half?.parts ?? []) : [];
    const graphs = await openGraphs(sessions, { modelDir, cut, halves });
    const precision = halves.length > 0 ? 'fp16' : 'fp32';
    const held = { ...sessions.held(), precision } as const;
    const buckets = isPadded(load, held) ? known : undefined;
    const voice = new WindowVoice(graphs, { cut, config, buckets });
    return { ...held, run: (step) => voice.run(step) };
  });
}

/** What is known of a voice beside its graphs. */
interface VoiceFacts {
  readonly cut: WindowedCut;
  readonly config: VoiceConfig;
  /** Lengths to which steps are padded; none on the CPU, where padding costs time and saves none. */
  readonly buckets: PiperBuckets | undefined;
}

class WindowVoice {
  readonly #graphs: PiperGraphs;
  readonly #cut: WindowedCut;
  readonly #config: VoiceConfig;
  readonly #buckets: PiperBuckets | undefined;
  readonly #trims: readonly Trim[];
  readonly #noise = new NoiseBank();

  constructor(graphs: PiperGraphs, { cut, config, buckets }: VoiceFacts) {
    this.#graphs = graphs;
    this.#cut = cut;
    this.#config = config;
    this.#buckets = buckets;
    // What trims keep depends on a window's place: it would be a new shape behind each of them.
    this.#trims = buckets ? cut.decoderTrims.map(untrimmed) : cut.decoderTrims;
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
    const key = { ...step, stream: DURATION_NOISE };
    const count = phonemeIds.length;
    const padded = bucketOf(count, this.#buckets?.phonemeIds);
    const noise = this.#noise.frames(key, DURATION_CHANNELS, { from: 0, to: count });
    const outputs = await runGraph(this.#graphs.front, {
      ...idFeeds(phonemeIds, padded),
      scales: new Tensor('float32', scalesOf(this.#config, lengthScale), [3]),
      duration_noise: tensorOf(padFrames(noise, padded)),
      ...(this.#cut.hasSpeakers && {
        sid: new Tensor('int64', BigInt64Array.of(BigInt(speakerId)), [1]),
      }),
    });
    const durations = (outputs.get('durations')?.data ?? new Float32Array()).slice(0, count);
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
    const { channels, flowInputs } = this.#cut;
    const key = { seed, utterance, stream: LATENT_NOISE };
    const frames = bucketOf(around.to - around.from, this.#buckets?.flowFrames);
    const noise = this.#noise.frames(key, channels, around);
    const outputs = await runGraph(this.#graphs.flow, {
      ...feedsOf(padTensors(inputs, flowInputs, frames)),
      noise: tensorOf(padFrames(noise, frames)),
    });
    const data = outputs.get('latent')?.data ?? new Float32Array();
    const latent = { data, channels, frames };
    return sliceFrames(latent, within(range, around));
  }

  async #decode({ range, latent, inputs }: DecodeStep): Promise<Float32Array> {
    const { hopSamples, decoderInputs } = this.#cut;
    const frames = bucketOf(latent.frames, this.#buckets?.decoderFrames);
    const { inputs: trims, seen } = trimWindow(range, frames, this.#trims);
    const outputs = await runGraph(this.#graphs.decoder, {
      ...feedsOf(padTensors(inputs, decoderInputs, frames)),
      ...trimFeeds(trims),
      latent: tensorOf(padFrames(latent, frames)),
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

function untrimmed(trim: Trim): Trim {
  return { ...trim, contextFrames: WHOLE_CONTEXT_FRAMES };
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
