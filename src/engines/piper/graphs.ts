import { join } from 'node:path';

import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { CUT_FILES, type CutInput, type WindowedCut } from '../../models/piper/cut-file.js';
import { type TrimInput, trimNames } from '../../models/piper/trims.js';
import type { ReplicaLoad } from '../engine.js';
import { type OpenedSession, openSession } from '../onnx/session.js';
import type { InputContract } from '../onnx/contract.js';
import type { Frames } from './frames.js';
import type { NamedTensor } from './steps.js';

/** The three graphs that a voice was cut into. */
export interface PiperGraphs {
  readonly front: OpenedSession;
  readonly flow: OpenedSession;
  readonly decoder: OpenedSession;
}

const FLOATS: InputContract = { type: 'float32' };
/** Ids and numbers of samples. */
const IDS: InputContract = { type: 'int64' };

/**
 * Lengths differ from step to step: plans of memory that are kept for each of them cost a replica
 * 56 MB and save no time.
 */
const VARYING_SHAPES = { enableMemPattern: false };

/** Opens the graphs of a voice; none stays open if one cannot be opened. */
export async function openGraphs(load: ReplicaLoad, cut: WindowedCut): Promise<PiperGraphs> {
  const speaker: Record<string, InputContract> = cut.hasSpeakers ? { sid: IDS } : {};
  const frontInputs = {
    input: IDS,
    input_lengths: IDS,
    scales: FLOATS,
    duration_noise: FLOATS,
    ...speaker,
  };
  const opened: OpenedSession[] = [];
  const open = async (
    file: string,
    inputs: Readonly<Record<string, InputContract>>,
    outputs: readonly string[],
  ): Promise<OpenedSession> => {
    const { modelDir, threads, target } = load;
    const path = join(modelDir, file);
    const session = await openSession({
      path,
      threads,
      target,
      expect: { inputs, outputs },
      options: VARYING_SHAPES,
    });
    opened.push(session);
    return session;
  };
  try {
    return {
      front: await open(CUT_FILES.front, frontInputs, ['durations']),
      flow: await open(CUT_FILES.flow, { noise: FLOATS, ...floats(cut.flowInputs) }, ['latent']),
      decoder: await open(CUT_FILES.decoder, decoderContract(cut), ['audio']),
    };
  } catch (caught) {
    await Promise.all(opened.map(({ session }) => session.release()));
    throw caught;
  }
}

function decoderContract({
  decoderInputs,
  decoderTrims,
}: WindowedCut): Record<string, InputContract> {
  const trims = decoderTrims.flatMap((_, index) => Object.values(trimNames(index)));
  return {
    latent: FLOATS,
    ...floats(decoderInputs),
    ...Object.fromEntries(trims.map((name) => [name, IDS])),
  };
}

function floats(inputs: readonly CutInput[]): Record<string, InputContract> {
  return Object.fromEntries(inputs.map(({ name }) => [name, FLOATS]));
}

/** Runs a graph. What it returns is memory of our own: onnxruntime reuses that of its outputs. */
export async function runGraph(
  { session }: OpenedSession,
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

/** Frames as a graph takes them: [1, channels, frames]. */
export function tensorOf({ data, channels, frames }: Frames): Tensor {
  return new Tensor('float32', data, [1, channels, frames]);
}
