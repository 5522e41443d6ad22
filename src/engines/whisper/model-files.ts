import { join } from 'node:path';

import {
  readWhisperGraph,
  whisperPair,
  type WhisperGraph,
  type WhisperPair,
} from '../../models/whisper/build.js';
import { exists, readWhisperInfo, type WhisperInfo } from '../../models/whisper/info.js';
import { PRECISIONS, type Precision } from '../../protocol/precision.js';
import { readOptimumDims, type OptimumDims } from './optimum-dims.js';

/** Where a model's graphs are and what is known of it besides. */
export type WhisperFiles =
  | {
      readonly kind: 'built';
      /** Those that were built. */
      readonly graphs: ReadonlyMap<Precision, WhisperPair>;
      readonly dims: WhisperGraph['dims'];
      readonly info: WhisperInfo;
    }
  | {
      readonly kind: 'optimum';
      readonly encoder: string;
      readonly decoder: string;
      readonly dims: OptimumDims;
      readonly info: WhisperInfo;
    };

/**
 * Finds the graphs in a model's folder: our own, or a ready export in the layout of `optimum` (in
 * the folder or its `onnx` subfolder, as on model hubs).
 * @throws ChorusError `model_failed` if there is neither.
 */
export async function findWhisperFiles(modelDir: string): Promise<WhisperFiles> {
  for (const folder of [modelDir, join(modelDir, 'onnx')]) {
    const encoder = join(folder, 'encoder_model.onnx');
    const decoder = join(folder, 'decoder_model_merged.onnx');
    if (!(await exists(encoder)) || !(await exists(decoder))) continue;
    const dims = await readOptimumDims(modelDir);
    const info = await readWhisperInfo(modelDir, dims.vocabulary);
    return { kind: 'optimum', encoder, decoder, dims, info };
  }
  const { dims, ...info } = await readWhisperGraph(modelDir);
  return { kind: 'built', graphs: await builtGraphs(modelDir), dims, info };
}

async function builtGraphs(modelDir: string): Promise<Map<Precision, WhisperPair>> {
  const graphs = new Map<Precision, WhisperPair>();
  for (const precision of PRECISIONS) {
    const pair = whisperPair(modelDir, precision);
    // The decoder is written last.
    if (await exists(pair.decoder)) graphs.set(precision, pair);
  }
  return graphs;
}
