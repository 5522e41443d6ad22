import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeModel } from '../onnx/decode.js';
import { withoutConstantNodes } from '../onnx/extract.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { withLargeConstantsApart } from '../onnx/large-constants.js';
import type { OnnxGraph, OnnxModel } from '../onnx/types.js';
import { writeGraph } from '../onnx/write.js';
import {
  CUT_FILES,
  CUT_FORMAT,
  GRAPH_FILES,
  type CutInput,
  type PiperCut,
  type WindowedCut,
} from './cut-file.js';
import { CutSessions } from './cut-run.js';
import { differenceToWhole } from './compare.js';
import { findCut } from './find-cut.js';
import { measureContexts, type Measured } from './measure.js';
import {
  decoderGraph,
  flowGraph,
  frontGraph,
  type CutSource,
  type FrontOutputs,
} from './part-graphs.js';
import { frontNames, probeFront } from './probe-front.js';
import { probeIds } from './probe.js';
import { writeCut } from './write-cut.js';

/** The voice's graph as it was trained and exported. */
const WHOLE_GRAPH = 'model.onnx';
/** What a killed process left here is removed by the next one. */
const WORK_FOLDER = '.cut.part';

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
  const { modelDir, onProgress } = options;
  const model = decodeModel(await readFile(join(modelDir, WHOLE_GRAPH)));
  const index = new GraphIndex(withoutConstantNodes(model.graph));
  const source: CutSource = { index, points: findCut(index), opset: model.opsets[''] ?? 0 };
  const ids = await probeIds(modelDir);
  const outputs = await probeFront(source, model, ids);
  const { graph: decoder, samplesPerFrame } = decoderGraph(source, outputs);
  const graphs = {
    front: frontGraph(source, frontNames(source)),
    flow: flowGraph(source, outputs),
    decoder,
  };
  await writeGraphs(workDir, { graphs, opsets: model.opsets, onProgress });
  const layout = {
    channels: outputs.channels,
    flowInputs: cutInputs(source.points.flowInputs, outputs),
    decoderInputs: cutInputs(source.points.decoderInputs, outputs),
    hasSpeakers: graphs.front.inputs.some(({ name }) => name === 'sid'),
  };
  const whole = join(modelDir, WHOLE_GRAPH);
  const measured = await tryGraphs(workDir, { whole, ids, layout, samplesPerFrame });
  return { format: CUT_FORMAT, streaming: 'windows', ...layout, ...measured };
}

function cutInputs(tensors: readonly string[], { inputs }: FrontOutputs): CutInput[] {
  return tensors.flatMap((tensor) => {
    const input = inputs.get(tensor);
    return input ? [{ name: input.name, kind: input.kind }] : [];
  });
}

async function tryGraphs(
  workDir: string,
  trial: {
    readonly whole: string;
    readonly ids: readonly number[];
    readonly layout: Pick<WindowedCut, 'channels' | 'flowInputs' | 'decoderInputs'>;
    /** Of each trim of the decoder. */
    readonly samplesPerFrame: readonly number[];
  },
): Promise<Pick<WindowedCut, keyof Measured>> {
  const { whole, ids, layout, samplesPerFrame } = trial;
  const sessions = await CutSessions.open(workDir, samplesPerFrame);
  try {
    const graphs = await differenceToWhole(sessions, { whole, ids, channels: layout.channels });
    const { differences, ...contexts } = await measureContexts(sessions, ids, layout);
    return { ...contexts, differences: { graphs, ...differences } };
  } finally {
    await sessions.close();
  }
}

async function writeGraphs(
  workDir: string,
  work: {
    readonly opsets: OnnxModel['opsets'];
    readonly graphs: Readonly<Record<'front' | 'flow' | 'decoder', OnnxGraph>>;
    readonly onProgress: CutOptions['onProgress'];
  },
): Promise<void> {
  const { opsets, graphs, onProgress } = work;
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.({ doneBytes });
  };
  for (const part of ['front', 'flow', 'decoder'] as const) {
    const graph = withLargeConstantsApart(graphs[part]);
    await writeGraph(join(workDir, CUT_FILES[part]), graph, { opsets, onBytes });
  }
}
