import { join } from 'node:path';

import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { CUT_FILES, type CutInput, type WindowedCut } from '../../models/piper/cut-file.js';
import { cutFileIn, type HalfPart } from '../../models/piper/half-file.js';
import { type TrimInput, trimNames } from '../../models/piper/trims.js';
import type { ReplicaSessions } from '../onnx/replica-sessions.js';
import type { GraphContract, InputContract } from '../onnx/contract.js';
import type { Frames } from './frames.js';
import type { NamedTensor } from './steps.js';

/** The three graphs that a voice was cut into. */
export interface PiperGraphs {
  readonly front: InferenceSession;
  readonly flow: InferenceSession;
  readonly decoder: InferenceSession;
}

const FLOATS: InputContract = { type: 'float32' };
/** Ids and numbers of samples. */
const IDS: InputContract = { type: 'int64' };

/**
 * Lengths differ from step to step: plans of memory that are kept for each of them cost a replica
 * 56 MB and save no time.
 */
const VARYING_SHAPES = { enableMemPattern: false };

/** Which graphs of a voice to open. */
export interface VoiceToOpen {
  readonly modelDir: string;
  readonly cut: WindowedCut;
  /** Parts of it to run in 16 bits. */
  readonly halves: readonly HalfPart[];
}

/** Opens the graphs of a voice. */
export async function openGraphs(
  sessions: ReplicaSessions,
  { modelDir, cut, halves }: VoiceToOpen,
): Promise<PiperGraphs> {
  const speaker: Record<string, InputContract> = cut.hasSpeakers ? { sid: IDS } : {};
  const frontInputs = {
    input: IDS,
    input_lengths: IDS,
    scales: FLOATS,
    duration_noise: FLOATS,
    ...speaker,
  };
  const open = (file: string, expect: GraphContract): Promise<InferenceSession> =>
    sessions.add({ path: join(modelDir, file), expect, options: VARYING_SHAPES });
  const fileOf = (part: HalfPart): string =>
    cutFileIn(CUT_FILES[part], halves.includes(part) ? 'fp16' : 'fp32');
  const flowInputs = { noise: FLOATS, ...floats(cut.flowInputs) };
  return {
    front: await open(CUT_FILES.front, { inputs: frontInputs, outputs: ['durations'] }),
    flow: await open(fileOf('flow'), { inputs: flowInputs, outputs: ['latent'] }),
    decoder: await open(fileOf('decoder'), { inputs: decoderInputs(cut), outputs: ['audio'] }),
  };
}

function decoderInputs({
  decoderInputs: inputs,
  decoderTrims,
}: WindowedCut): Record<string, InputContract> {
  const trims = decoderTrims.flatMap((_, index) => Object.values(trimNames(index)));
  return {
    latent: FLOATS,
    ...floats(inputs),
    ...Object.fromEntries(trims.map((name) => [name, IDS])),
  };
}

function floats(inputs: readonly CutInput[]): Record<string, InputContract> {
  return Object.fromEntries(inputs.map(({ name }) => [name, FLOATS]));
}

/** Runs a graph. What it returns is memory of our own: onnxruntime reuses that of its outputs. */
export async function runGraph(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
): Promise<Map<string, NamedTensor>> {
  const outputs = await session.run(feeds);
  return new Map(
    Object.entries(outputs).map(([name, output]) => {
      const data = Float32Array.from(output.data as Float32Array);
      const { dims } = output;
      output.dispose();
      return [name, { name, data, dims }];
    }),
  );
}

/** Tensors as a graph takes them, by their names. */
export function feedsOf(tensors: readonly NamedTensor[]): InferenceSession.FeedsType {
  return Object.fromEntries(
    tensors.map(({ name, data, dims }) => [name, new Tensor('float32', data, [...dims])]),
  );
}

/** Where a window's trims begin and end, as the decoder takes it. */
export function trimFeeds(trims: readonly TrimInput[]): InferenceSession.FeedsType {
  return Object.fromEntries(
    trims.map(({ name, value }) => [
      name,
      new Tensor('int64', BigInt64Array.of(BigInt(value)), [1]),
    ]),
  );
}

/** Phoneme ids as a front takes them, with zeros after them that it is told to leave out. */
export function idFeeds(ids: readonly number[], length: number): InferenceSession.FeedsType {
  const padded = new BigInt64Array(length);
  padded.set(BigInt64Array.from(ids, BigInt));
  return {
    input: new Tensor('int64', padded, [1, length]),
    input_lengths: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), [1]),
  };
}

/** Frames as a graph takes them: [1, channels, frames]. */
export function tensorOf({ data, channels, frames }: Frames): Tensor {
  return new Tensor('float32', data, [1, channels, frames]);
}
