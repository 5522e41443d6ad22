import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { WhisperDims } from '../../models/whisper/info.js';

/** What running a ready export needs to know of its sizes. */
export type OptimumDims = Pick<
  WhisperDims,
  'mels' | 'width' | 'heads' | 'decoderLayers' | 'vocabulary' | 'textPositions'
>;

const configSchema = z.object({
  num_mel_bins: z.int().positive(),
  d_model: z.int().positive(),
  decoder_attention_heads: z.int().positive(),
  decoder_layers: z.int().positive(),
  vocab_size: z.int().positive(),
  max_target_positions: z.int().positive(),
});

/** Reads the sizes from the `config.json` that `transformers` saves. */
export async function readOptimumDims(modelDir: string): Promise<OptimumDims> {
  const text = await readFile(join(modelDir, 'config.json'), 'utf8');
  const config = configSchema.parse(JSON.parse(text));
  return {
    mels: config.num_mel_bins,
    width: config.d_model,
    heads: config.decoder_attention_heads,
    decoderLayers: config.decoder_layers,
    vocabulary: config.vocab_size,
    textPositions: config.max_target_positions,
  };
}
