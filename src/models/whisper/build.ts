import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import { writeGraph } from '../onnx/write.js';
import { nameOfVariant } from '../variants.js';
import { writeWhole } from '../write-whole.js';
import { openCTranslate2 } from './ctranslate2.js';
import { decoderGraph } from './decoder-graph.js';
import { encoderGraph } from './encoder-graph.js';
import { openHuggingFace } from './huggingface.js';
import { exists, readConfig, readWhisperInfo, type WhisperDims, type WhisperInfo } from './info.js';
import type { WeightSet } from './weights.js';

/** Changes whenever graphs that older code built can no longer be run. */
export const GRAPH_FORMAT = 2;

/** The graphs with plain names; those of others have their precision in theirs. */
const PLAIN: Precision = 'int8';

/** Paths of a model's two networks. */
export interface WhisperPair {
  readonly encoder: string;
  readonly decoder: string;
}

/** Where the graphs of a precision are in a model's folder, if they were built. */
export function whisperPair(dir: string, precision: Precision): WhisperPair {
  const path = (name: string) => join(dir, nameOfVariant(name, precision, PLAIN));
  return { encoder: path('encoder.onnx'), decoder: path('decoder.onnx') };
}

/** What stands in `graph.json`, which is written last. */
export interface WhisperGraph extends WhisperInfo {
  readonly format: number;
  readonly dims: WhisperDims;
}

/** What to build. */
export interface BuildOptions {
  readonly modelDir: string;
  /** Where the graph goes; the model's folder if left out. */
  readonly outDir?: string;
  /** How matrices are kept; `int8` alone if left out. In `fp16` all else is too, for GPUs. */
  readonly precisions?: readonly Precision[];
  readonly onProgress?: (progress: { doneBytes: number }) => void;
}

/** ONNX 20 is the first with Gelu; Microsoft's operators have only version 1. */
const OPSETS = { '': 20, 'com.microsoft': 1 };
/** Whisper's heads are 64 wide in every published size. */
const HEAD_WIDTH = 64;

/**
 * Builds a model's graph from the weights in its folder: CTranslate2 (`model.bin`) or Hugging Face
 * (`model.safetensors`, whole or sharded), with the `config.json` and `tokenizer.json` beside it.
 * @throws ChorusError `model_failed` that says what is missing or cannot be used.
 */
export async function buildWhisperGraph(options: BuildOptions): Promise<void> {
  try {
    await build(options);
  } catch (caught) {
    throw ChorusError.withCode('model_failed', caught);
  }
}

async function build(options: BuildOptions): Promise<void> {
  const { modelDir, outDir = modelDir, precisions = [PLAIN] } = options;
  const weights = await openWeights(modelDir);
  try {
    const dims = measure(weights, (await readConfig(modelDir)).encoder_attention_heads);
    const info = await readInfo(modelDir, dims);
    let doneBytes = 0;
    const onBytes = (bytes: number) => {
      doneBytes += bytes;
      options.onProgress?.({ doneBytes });
    };
    const writing = { opsets: OPSETS, onBytes };
    for (const precision of precisions) {
      const paths = whisperPair(outDir, precision);
      await writeGraph(paths.encoder, encoderGraph(weights, dims, precision), writing);
      const decoder = decoderGraph({ weights, dims, precision, queryLayers: layersOf(info) });
      await writeGraph(paths.decoder, decoder, writing);
    }
    const graph: WhisperGraph = { format: GRAPH_FORMAT, dims, ...info };
    await writeWhole(join(outDir, 'graph.json'), `${JSON.stringify(graph, null, 1)}\n`);
  } finally {
    await weights.close();
  }
}

/** Layers that have alignment heads. */
function layersOf({ alignmentHeads }: WhisperInfo): number[] {
  return [...new Set(alignmentHeads.map(([layer]) => layer))];
}

async function readInfo(modelDir: string, dims: WhisperDims): Promise<WhisperInfo> {
  const info = await readWhisperInfo(modelDir, dims.vocabulary);
  if (info.alignmentHeads.length > 0) return info;
  // As OpenAI's Whisper has it where nobody has chosen heads: all of the upper half.
  const { decoderLayers, heads } = dims;
  const upper = Array.from({ length: decoderLayers }, (_, layer) => layer).slice(decoderLayers / 2);
  const alignmentHeads = upper.flatMap((layer) =>
    Array.from({ length: heads }, (_, head): [number, number] => [layer, head]),
  );
  return { ...info, alignmentHeads };
}

async function openWeights(modelDir: string): Promise<WeightSet> {
  const ctranslate2 = join(modelDir, 'model.bin');
  if (await exists(ctranslate2)) return openCTranslate2(ctranslate2);
  for (const name of ['model.safetensors', 'model.safetensors.index.json']) {
    if (await exists(join(modelDir, name))) return openHuggingFace(modelDir);
  }
  throw new Error(`${modelDir} has neither model.bin nor model.safetensors.`);
}

function measure(weights: WeightSet, heads: number | null | undefined): WhisperDims {
  const dim = (name: string, axis: number) => weights.get(name).dims[axis] ?? 0;
  const layers = (side: string) => {
    let count = 0;
    while (weights.has(`${side}/${count}/mlp.norm.weight`)) count++;
    return count;
  };
  const width = dim('decoder/positions', 1);
  return {
    mels: dim('encoder/conv1.weight', 1),
    width,
    heads: heads ?? width / HEAD_WIDTH,
    encoderLayers: layers('encoder'),
    decoderLayers: layers('decoder'),
    vocabulary: dim('decoder/embeddings', 0),
    audioPositions: dim('encoder/positions', 0),
    textPositions: dim('decoder/positions', 0),
  };
}

const graphSchema = z.object({ format: z.int() });

/**
 * Reads the `graph.json` of a built model.
 * @throws ChorusError `model_failed` if there is none, or one of another version.
 */
export async function readWhisperGraph(modelDir: string): Promise<WhisperGraph> {
  const path = join(modelDir, 'graph.json');
  const advice = 'build it again with `chorus pull`';
  if (!(await exists(path))) {
    throw new ChorusError('model_failed', `${modelDir} has no built graph; ${advice}.`);
  }
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (graphSchema.parse(value).format !== GRAPH_FORMAT) {
    throw new ChorusError('model_failed', `${path} is of another version; ${advice}.`);
  }
  return value as WhisperGraph;
}
