import type { Tensor } from 'onnxruntime-node';

import type { CutInput, WindowedCut } from './cut-file.js';
import {
  floatTensor,
  sliceFrames,
  windowOf,
  type CutSessions,
  type Frames,
  type Values,
} from './cut-run.js';
import { CannotCut } from './find-cut.js';
import { framesOf, ORDINARY_SCALES } from './probe-front.js';
import { probeNoise } from './probe.js';

/**
 * Largest difference of a sample between windows and one run, full scale being 1: a third of a 16-bit
 * step, so that rounded samples differ by one step at most. Deeper than that, float noise begins.
 */
const TOLERANCE = 1e-5;
/** Contexts to try, in frames: receptive fields of published voices lie between. */
const FLOW_CONTEXTS = [16, 20, 24, 28, 32, 40, 48, 64];
const DECODER_CONTEXTS = [8, 10, 12, 16, 24, 32, 48];
/** Short windows have the most joints, and all of a stream's first audio lies in one. */
const WINDOW_FRAMES = 32;

/** What was measured of a cut voice. */
export type Measured = Pick<
  WindowedCut,
  'hopSamples' | 'flowContextFrames' | 'decoderContextFrames'
> & { readonly differences: Pick<WindowedCut['differences'], 'flow' | 'decoder'> };

interface Whole {
  readonly values: Values;
  readonly latent: Tensor;
  readonly audio: Float32Array;
  readonly frames: number;
}

/**
 * Finds how much context windows need so that they add up to the whole, by trying.
 * @throws CannotCut if no context is enough.
 */
export async function measureContexts(
  sessions: CutSessions,
  ids: readonly number[],
  cut: Pick<WindowedCut, 'channels' | 'flowInputs' | 'decoderInputs'>,
): Promise<Measured> {
  const values = await sessions.front(ids, ORDINARY_SCALES);
  const frames = framesOf(values);
  const noise = floatTensor(probeNoise(cut.channels * frames, 2), [1, cut.channels, frames]);
  const latent = await sessions.flow({ ...values, noise });
  const audio = await sessions.decoder({ ...values, latent });
  const whole: Whole = { values: { ...values, noise, latent }, latent, audio, frames };
  const hopSamples = audio.length / frames;
  if (!Number.isInteger(hopSamples)) {
    throw new CannotCut(`its audio has ${audio.length} samples for ${frames} frames`);
  }
  const decoder = await smallest(DECODER_CONTEXTS, 'decoder', (context) =>
    decoderDifference(sessions, whole, { context, inputs: cut.decoderInputs }),
  );
  const flow = await smallest(FLOW_CONTEXTS, 'flow', (context) =>
    flowDifference(sessions, whole, { context, inputs: cut.flowInputs }),
  );
  return {
    hopSamples,
    flowContextFrames: flow.context,
    decoderContextFrames: decoder.context,
    differences: { flow: flow.difference, decoder: decoder.difference },
  };
}

async function smallest(
  contexts: readonly number[],
  part: string,
  differenceOf: (context: number) => Promise<number>,
): Promise<{ readonly context: number; readonly difference: number }> {
  let difference = Number.NaN;
  for (const context of contexts) {
    difference = await differenceOf(context);
    if (difference <= TOLERANCE) return { context, difference };
  }
  throw new CannotCut(
    `windows of its ${part} differ from the whole by ${difference.toExponential(1)} even with ` +
      `${contexts.at(-1)} frames of context`,
  );
}

interface Trial {
  readonly context: number;
  readonly inputs: readonly CutInput[];
}

async function decoderDifference(
  sessions: CutSessions,
  { values, audio, frames }: Whole,
  { context, inputs }: Trial,
): Promise<number> {
  const hop = audio.length / frames;
  const latent: CutInput = { name: 'latent', kind: 'frames' };
  const windowed = new Float32Array(audio.length);
  for (const { kept, seen } of windows(frames, context)) {
    const samples = await sessions.decoder(windowOf(values, [latent, ...inputs], seen));
    const [from, to] = [kept.from - seen.from, kept.to - seen.from];
    windowed.set(samples.subarray(from * hop, to * hop), kept.from * hop);
  }
  return largestDifference(windowed, audio);
}

/** A flow in windows is judged by what is heard: by the samples that a whole decoder makes of it. */
async function flowDifference(
  sessions: CutSessions,
  { values, audio, frames, latent }: Whole,
  { context, inputs }: Trial,
): Promise<number> {
  const noise: CutInput = { name: 'noise', kind: 'frames' };
  const rows = latent.data.length / frames;
  const windowed = new Float32Array(latent.data.length);
  for (const { kept, seen } of windows(frames, context)) {
    const made = await sessions.flow(windowOf(values, [noise, ...inputs], seen));
    const inner = { from: kept.from - seen.from, to: kept.to - seen.from };
    const part = sliceFrames(made, inner).data as Float32Array;
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

function* windows(frames: number, context: number): Generator<{ kept: Frames; seen: Frames }> {
  for (let from = 0; from < frames; from += WINDOW_FRAMES) {
    const to = Math.min(frames, from + WINDOW_FRAMES);
    const seen = { from: Math.max(0, from - context), to: Math.min(frames, to + context) };
    yield { kept: { from, to }, seen };
  }
}

/** The largest difference of two signals; infinite if they are not of one length. */
export function largestDifference(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  return one.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (other[i] ?? 0))), 0);
}
