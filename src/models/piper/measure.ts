import type { Tensor } from 'onnxruntime-node';

import { largestDifference } from './compare.js';
import type { CutInput, WindowedCut } from './cut-file.js';
import { floatTensor, sliceFrames, windowOf, type CutSessions, type Values } from './cut-run.js';
import { type FrameRange, widened, within } from './frame-range.js';
import { CannotCut } from './find-cut.js';
import { framesOf, ORDINARY_SCALES } from './probe-front.js';
import { probeNoise } from './probe.js';
import type { Trim } from './trims.js';

/**
 * Largest difference of a sample between windows and one run, full scale being 1: a tenth of a 16-bit
 * step. Runs of other lengths differ by a third of it anyway; the tries leave room for other texts.
 */
const TOLERANCE = 3e-6;
/** Contexts to try, in frames: receptive fields of published voices lie between. */
const FLOW_CONTEXTS = [16, 20, 24, 28, 32, 40, 48, 64];
const DECODER_CONTEXTS = [8, 10, 12, 16, 24, 32, 48];
const TRIM_CONTEXTS = [1, 2, 3, 4, 6, ...DECODER_CONTEXTS];
/** Short windows have the most joints, and all of a stream's first audio lies in one. */
const WINDOW_FRAMES = 32;
/** Seeds of the noise that the takes of the text are spoken with. */
const TAKES = [2, 3, 4];
/** Full scale is 1; any speech is louder. */
const AUDIBLE = 0.01;

/** What was measured of a cut voice. */
export type Measured = Pick<
  WindowedCut,
  'hopSamples' | 'flowContextFrames' | 'decoderContextFrames' | 'decoderTrims'
> & { readonly differences: Pick<WindowedCut['differences'], 'flow' | 'decoder'> };

interface Whole {
  readonly values: Values;
  readonly latent: Tensor;
  readonly audio: Float32Array;
  readonly frames: number;
}

/**
 * Finds how much context windows need so that they add up to the whole, by trying. How far a frame
 * is felt varies with the noise, so several takes of a text are tried, and the worst counts.
 * @throws CannotCut if no context is enough.
 */
export async function measureContexts(
  sessions: CutSessions,
  ids: readonly number[],
  cut: Pick<WindowedCut, 'channels' | 'flowInputs' | 'decoderInputs'>,
): Promise<Measured> {
  const flow = new ContextSearch('flow', FLOW_CONTEXTS);
  const decoder = new DecoderSearch(sessions, cut.decoderInputs);
  let hopSamples = 0;
  for (const seed of TAKES) {
    const whole = await speak(sessions, ids, { channels: cut.channels, seed });
    hopSamples = whole.audio.length / whole.frames;
    await decoder.widen(whole);
    await flow.widen((context) =>
      flowDifference(sessions, whole, { context, inputs: cut.flowInputs }),
    );
  }
  return {
    hopSamples,
    flowContextFrames: flow.context,
    decoderContextFrames: decoder.context,
    decoderTrims: [...decoder.trims],
    differences: { flow: flow.difference, decoder: decoder.difference },
  };
}

async function speak(
  sessions: CutSessions,
  ids: readonly number[],
  { channels, seed }: { readonly channels: number; readonly seed: number },
): Promise<Whole> {
  const values = await sessions.front(ids, ORDINARY_SCALES);
  const frames = framesOf(values);
  const noise = floatTensor(probeNoise(channels * frames, seed), [1, channels, frames]);
  const latent = await sessions.flow({ ...values, noise });
  const audio = await sessions.decoder({ ...values, latent });
  if (audio.length % frames !== 0) {
    throw new CannotCut(`its audio has ${audio.length} samples for ${frames} frames`);
  }
  if (!audio.some((sample) => Math.abs(sample) >= AUDIBLE)) {
    throw new CannotCut('it says nothing by which windows could be judged');
  }
  return { values: { ...values, noise, latent }, latent, audio, frames };
}

/** The smallest context of a list that has been enough so far. */
class ContextSearch {
  readonly #part: string;
  readonly #rest: number[];
  /** The largest difference seen with the context in use. */
  difference = 0;

  constructor(part: string, contexts: readonly number[]) {
    this.#part = part;
    this.#rest = [...contexts];
  }

  get context(): number {
    return this.#rest[0] ?? 0;
  }

  /** Tries the context in use, and wider ones until one is enough. */
  async widen(differenceOf: (context: number) => Promise<number>): Promise<void> {
    for (;;) {
      const difference = await differenceOf(this.context);
      this.difference = Math.max(this.difference, difference);
      if (difference <= TOLERANCE) return;
      if (this.#rest.length === 1) throw new CannotCut(this.#failure(difference));
      this.#rest.shift();
      this.difference = 0;
    }
  }

  #failure(difference: number): string {
    return (
      `windows of its ${this.#part} differ from the whole by ${difference.toExponential(1)} ` +
      `even with ${this.context} frames of context`
    );
  }
}

/** Finds the decoder's context, and then how much of it each trim must keep. */
class DecoderSearch {
  readonly #sessions: CutSessions;
  readonly #inputs: readonly CutInput[];
  readonly #whole = new ContextSearch('decoder', DECODER_CONTEXTS);
  readonly #trims: readonly ContextSearch[];

  constructor(sessions: CutSessions, inputs: readonly CutInput[]) {
    this.#sessions = sessions;
    this.#inputs = inputs;
    this.#trims = sessions.untrimmed.map(() => new ContextSearch('decoder', TRIM_CONTEXTS));
  }

  get context(): number {
    return this.#whole.context;
  }

  get trims(): readonly Trim[] {
    return this.#trimsUpTo(this.#trims.length);
  }

  /** The largest difference seen, with all trims in use. */
  get difference(): number {
    return (this.#trims.at(-1) ?? this.#whole).difference;
  }

  async widen(whole: Whole): Promise<void> {
    await this.#whole.widen(() => this.#differenceWith(0, whole));
    for (const [index, trim] of this.#trims.entries()) {
      await trim.widen(() => this.#differenceWith(index + 1, whole));
    }
  }

  #trimsUpTo(count: number): Trim[] {
    return this.#sessions.untrimmed.map((trim, index) => {
      const search = this.#trims[index];
      return index < count && search ? { ...trim, contextFrames: search.context } : trim;
    });
  }

  async #differenceWith(trimCount: number, { values, audio, frames }: Whole): Promise<number> {
    const trims = this.#trimsUpTo(trimCount);
    const latent: CutInput = { name: 'latent', kind: 'frames' };
    const windowed = new Float32Array(audio.length);
    for (const { kept, seen } of windows(frames, this.context)) {
      const window = within(kept, seen);
      const given = windowOf(values, [latent, ...this.#inputs], seen);
      const samples = await this.#sessions.decoder(given, { window, trims });
      windowed.set(samples, kept.from * (audio.length / frames));
    }
    return largestDifference(windowed, audio);
  }
}

interface FlowTrial {
  readonly context: number;
  readonly inputs: readonly CutInput[];
}

/** A flow in windows is judged by what is heard: by the samples that a whole decoder makes of it. */
async function flowDifference(
  sessions: CutSessions,
  { values, audio, frames, latent }: Whole,
  { context, inputs }: FlowTrial,
): Promise<number> {
  const noise: CutInput = { name: 'noise', kind: 'frames' };
  const rows = latent.data.length / frames;
  const windowed = new Float32Array(latent.data.length);
  for (const { kept, seen } of windows(frames, context)) {
    const made = await sessions.flow(windowOf(values, [noise, ...inputs], seen));
    const part = sliceFrames(made, within(kept, seen)).data as Float32Array;
    const width = kept.to - kept.from;
    for (let row = 0; row < rows; row++) {
      windowed.set(part.subarray(row * width, (row + 1) * width), row * frames + kept.from);
    }
  }
  const samples = await sessions.decoder({
    ...values,
    latent: floatTensor(windowed, latent.dims),
  });
  return largestDifference(samples, audio);
}

function* windows(
  frames: number,
  context: number,
): Generator<{ kept: FrameRange; seen: FrameRange }> {
  for (let from = 0; from < frames; from += WINDOW_FRAMES) {
    const to = Math.min(frames, from + WINDOW_FRAMES);
    const seen = widened({ from, to }, context, frames);
    yield { kept: { from, to }, seen };
  }
}
