import type { WindowedCut } from '../../models/piper/cut-file.js';
import { runBuckets } from '../buckets.js';
import type { JobContext, WarmedBuckets } from '../engine.js';
import type { PiperBuckets, TextBuckets } from './buckets.js';
import type { PhonemeIdMap } from './phoneme-ids.js';
import type { Begun, PiperResult, PiperStep, PiperText } from './steps.js';
import { cutTensors } from './tensors.js';

/** What of a voice is run before anybody waits. */
export type VoiceBuckets =
  | { readonly cut: WindowedCut; readonly buckets: PiperBuckets; readonly map: PhonemeIdMap }
  | { readonly cut: undefined; readonly buckets: TextBuckets; readonly map: PhonemeIdMap };

type Context = Pick<JobContext<PiperStep, PiperResult>, 'step'>;

/**
 * Lets a replica run each graph of a voice with each of its lengths.
 * @throws ChorusError that names the bucket that could not be run.
 */
export async function warmBuckets(
  { cut, buckets, map }: VoiceBuckets,
  context: Context,
): Promise<WarmedBuckets> {
  if (!cut) {
    const { phonemeIds } = buckets;
    const speak = (ids: number) => context.step({ kind: 'whole', ...textOf(ids, map) });
    await runBuckets('phonemeIds', phonemeIds, speak);
    return { phonemeIds };
  }
  const { phonemeIds, flowFrames, decoderFrames } = buckets;
  const begun: Begun[] = [];
  await runBuckets('phonemeIds', phonemeIds, async (ids) => {
    const step: PiperStep = { kind: 'begin', opens: false, ...textOf(ids, map) };
    begun.push((await context.step(step)) as Begun);
  });
  const longest = begun.at(-1);
  if (!longest) return {};
  await runBuckets('flowFrames', flowFrames, (frames) => context.step(flow(cut, longest, frames)));
  const decode = (frames: number) => context.step(decoding(cut, longest, frames));
  await runBuckets('decoderFrames', decoderFrames, decode);
  return { phonemeIds, flowFrames, decoderFrames };
}

/** As many ids of the voice, whatever they say; slow, so that the longest has frames for every length. */
function textOf(count: number, map: PhonemeIdMap): PiperText {
  const known = Object.values(map).flat();
  const phonemeIds = Array.from({ length: count }, (_, index) => known[index % known.length] ?? 0);
  return { phonemeIds, lengthScale: 2, seed: 0, utterance: 0 };
}

function flow({ flowInputs }: WindowedCut, { tensors, frames }: Begun, length: number): PiperStep {
  const range = { from: 0, to: Math.min(length, frames) };
  const inputs = cutTensors(tensors, flowInputs, range);
  return { kind: 'flow', seed: 0, utterance: 0, range, around: range, inputs };
}

function decoding(
  { decoderInputs, channels }: WindowedCut,
  { tensors, frames }: Begun,
  length: number,
): PiperStep {
  const range = { from: 0, to: Math.min(length, frames) };
  const latent = { data: new Float32Array(channels * range.to), channels, frames: range.to };
  return { kind: 'decode', range, latent, inputs: cutTensors(tensors, decoderInputs, range) };
}
