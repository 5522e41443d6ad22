import type { CutSessions } from './cut-run.js';
import { floatTensor, floatsOf, openGraph, textInputs } from './cut-run.js';
import { CannotCut } from './find-cut.js';
import { framesOf } from './probe-front.js';
import { probeNoise } from './probe.js';

/** Scales at which no noise is heard: those of the noise, the length, the noise of durations. */
const SILENT_SCALES = [0, 1, 0];
/** Largest difference of a sample between the three graphs and the whole one; full scale is 1. */
const TOLERANCE = 1e-4;

/** A text for the whole graph and its parts. */
export interface Comparison {
  /** Path of the whole graph. */
  readonly whole: string;
  readonly ids: readonly number[];
  readonly channels: number;
}

/**
 * Makes sure that the parts of a graph speak as the whole one does, without noise, because the whole
 * one draws its own.
 * @returns The largest difference of a sample.
 * @throws CannotCut if they do not.
 */
export async function differenceToWhole(
  sessions: CutSessions,
  { whole, ids, channels }: Comparison,
): Promise<number> {
  const expected = await speakWhole(whole, ids);
  const values = await sessions.front(ids, SILENT_SCALES);
  const frames = framesOf(values);
  const noise = floatTensor(probeNoise(channels * frames, 1), [1, channels, frames]);
  const latent = await sessions.flow({ ...values, noise });
  const audio = await sessions.decoder({ ...values, latent });
  const difference = largestDifference(audio, expected);
  if (difference <= TOLERANCE) return difference;
  throw new CannotCut(`its parts do not speak as the whole does: they differ by ${difference}`);
}

async function speakWhole(path: string, ids: readonly number[]): Promise<Float32Array> {
  const session = await openGraph(path);
  try {
    const text = textInputs(ids, { names: session.inputNames, scales: SILENT_SCALES });
    const [name = ''] = session.outputNames;
    return floatsOf(await session.run(text), name);
  } finally {
    await session.release();
  }
}

/** The largest difference of two signals; infinite if they are not of one length. */
export function largestDifference(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  return one.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (other[i] ?? 0))), 0);
}
