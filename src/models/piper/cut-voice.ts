import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeModel } from '../onnx/decode.js';
import { withoutConstantNodes } from '../onnx/extract.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { withLargeConstantsApart } from '../onnx/large-constants.js';
import type { OnnxGraph, OnnxModel } from '../onnx/types.js';
import { writeGraph } from '../onnx/write.js';
import { CUT_FILES, CUT_FORMAT, GRAPH_FILES, type PiperCut, type WindowedCut } from './cut-file.js';
import { CutSessions, floatTensor, floatsOf, openGraph, textInputs } from './cut-run.js';
import { CannotCut, findCut } from './find-cut.js';
import { largestDifference, measureContexts } from './measure.js';
import { decoderGraph, flowGraph, frontGraph, type CutSource } from './part-graphs.js';
import { framesOf, frontNames, probeFront } from './probe-front.js';
import { probeIds, probeNoise } from './probe.js';
import { writeCut } from './write-cut.js';

/** The voice's graph as it was trained and exported. */
const WHOLE_GRAPH = 'model.onnx';
/** What a killed process left here is removed by the next one. */
const WORK_FOLDER = '.cut.part';
/** Scales at which a graph draws no noise that could be heard: noise, length, noise of durations. */
const SILENT_SCALES = [0, 1, 0];
/** Largest difference of a sample between the three graphs and the whole one; full scale is 1. */
const TOLERANCE = 1e-4;

/** What to cut. */
export interface CutOptions {
  readonly modelDir: string;
  readonly onProgress?: (progress: { readonly doneBytes: number }) => void;
}

/**
 * Cuts the graph of a Piper voice, tries what came out and measures which context windows need. A
 * graph that cannot be cut is no failure: `cut.json` then says why, and the voice speaks sentences.
 * @throws Error of the file system.
 */
export async function cutVoice(options: CutOptions): Promise<PiperCut> {
  const { modelDir } = options;
  const workDir = join(modelDir, WORK_FOLDER);
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir);
  try {
    const cut = await tryToCut(workDir, options);
    // Facts and graphs of two builds must never be read together.
    await rm(join(modelDir, CUT_FILES.facts), { force: true });
    await placeGraphs(workDir, { modelDir, isCut: cut.streaming === 'windows' });
    await writeCut(modelDir, cut);
    return cut;
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function tryToCut(workDir: string, options: CutOptions): Promise<PiperCut> {
  try {
    return await cutInto(workDir, options);
  } catch (caught) {
    if (isOfFileSystem(caught)) throw caught;
    const reason = caught instanceof Error ? caught.message : String(caught);
    return { format: CUT_FORMAT, streaming: 'sentences', reason };
  }
}

function isOfFileSystem(caught: unknown): boolean {
  return caught instanceof Error && 'syscall' in caught;
}

async function placeGraphs(
  workDir: string,
  { modelDir, isCut }: { readonly modelDir: string; readonly isCut: boolean },
): Promise<void> {
  for (const name of GRAPH_FILES) {
    if (isCut) await rename(join(workDir, name), join(modelDir, name));
    else await rm(join(modelDir, name), { force: true });
  }
}

async function cutInto(workDir: string, options: CutOptions): Promise<WindowedCut> {
  const { modelDir } = options;
  const model = decodeModel(await readFile(join(modelDir, WHOLE_GRAPH)));
  const index = new GraphIndex(withoutConstantNodes(model.graph));
  const source: CutSource = { index, points: findCut(index), opset: model.opsets[''] ?? 0 };
  const ids = await probeIds(modelDir);
  const outputs = await probeFront(source, model, ids);
  await writeGraphs(workDir, {
    model,
    graphs: {
      front: frontGraph(source, frontNames(source)),
      flow: flowGraph(source, outputs),
      decoder: decoderGraph(source, outputs),
    },
    onProgress: options.onProgress,
  });
  const inputsOf = (tensors: readonly string[]) =>
    tensors.flatMap((tensor) => {
      const input = outputs.inputs.get(tensor);
      return input ? [{ name: input.name, kind: input.kind }] : [];
    });
  const found = {
    channels: outputs.channels,
    flowInputs: inputsOf(source.points.flowInputs),
    decoderInputs: inputsOf(source.points.decoderInputs),
  };
  const hasSpeakers = index.graph.inputs.some(
    ({ name }) => name === 'sid' && !index.constants.has(name),
  );
  const sessions = await CutSessions.open(workDir);
  try {
    const graphs = await differenceToWhole(sessions, { modelDir, ids, channels: found.channels });
    const { differences, ...measured } = await measureContexts(sessions, ids, found);
    return {
      format: CUT_FORMAT,
      streaming: 'windows',
      ...found,
      ...measured,
      hasSpeakers,
      differences: { graphs, ...differences },
    };
  } finally {
    await sessions.close();
  }
}

async function writeGraphs(
  workDir: string,
  work: {
    readonly model: OnnxModel;
    readonly graphs: Readonly<Record<'front' | 'flow' | 'decoder', OnnxGraph>>;
    readonly onProgress: CutOptions['onProgress'];
  },
): Promise<void> {
  const { model, graphs, onProgress } = work;
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.({ doneBytes });
  };
  for (const part of ['front', 'flow', 'decoder'] as const) {
    const graph = withLargeConstantsApart(graphs[part]);
    await writeGraph(join(workDir, CUT_FILES[part]), graph, { opsets: model.opsets, onBytes });
  }
}

/** @throws CannotCut if the three graphs do not speak as the whole one does. */
async function differenceToWhole(
  sessions: CutSessions,
  text: { readonly modelDir: string; readonly ids: readonly number[]; readonly channels: number },
): Promise<number> {
  const { modelDir, ids, channels } = text;
  const expected = await speakWhole(join(modelDir, WHOLE_GRAPH), ids);
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
