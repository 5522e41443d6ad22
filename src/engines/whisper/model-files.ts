import { join } from 'node:path';

import { readWhisperGraph, type WhisperGraph } from '../../models/whisper/build.js';
import { exists, readWhisperInfo, type WhisperInfo } from '../../models/whisper/info.js';
import { readOptimumDims, type OptimumDims } from './optimum-dims.js';

/** Where a model's graphs are and what is known of it besides. */
export type WhisperFiles =
  | {
      readonly kind: 'built';
      readonly encoder: string;
      readonly decoder: string;
      /** The same in 16 bits, for a GPU; if they were built. */
      readonly half?: { readonly encoder: string; readonly decoder: string };
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
  const { dims, hasHalf, ...info } = await readWhisperGraph(modelDir);
  const pair = (suffix: string) => ({
    encoder: join(modelDir, `encoder${suffix}.onnx`),
    decoder: join(modelDir, `decoder${suffix}.onnx`),
  });
  return { kind: 'built', ...pair(''), ...(hasHalf ? { half: pair('.half') } : {}), dims, info };
}
