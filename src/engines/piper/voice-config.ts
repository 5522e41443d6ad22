import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { ChorusError } from '../../protocol/errors.js';

/** Names of a Piper voice's files in its model folder. */
export const GRAPH_FILE = 'model.onnx';
const CONFIG_FILE = 'model.onnx.json';

/** The part of a Piper voice's `.onnx.json` that synthesis needs. */
const configSchema = z.object({
  audio: z.object({ sample_rate: z.int().positive() }),
  espeak: z.object({ voice: z.string() }),
  inference: z.object({
    noise_scale: z.number(),
    length_scale: z.number().positive(),
    noise_w: z.number(),
  }),
  num_speakers: z.int().default(1),
  speaker_id_map: z.record(z.string(), z.int()).default({}),
  phoneme_id_map: z.record(z.string(), z.array(z.int())),
});

/** A Piper voice's own settings. */
export type VoiceConfig = z.infer<typeof configSchema>;

/**
 * Reads a voice's settings.
 * @throws ChorusError `model_failed` naming the file and the field.
 */
export async function readVoiceConfig(modelDir: string): Promise<VoiceConfig> {
  const path = join(modelDir, CONFIG_FILE);
  try {
    return configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ChorusError('model_failed', `${path} is no Piper voice: ${reason}`, {}, { cause });
  }
}

/** The graph's three scales: of the latent's noise, of all durations, of the durations' noise. */
export function scalesOf({ inference }: VoiceConfig, lengthScale: number): Float32Array {
  const { noise_scale, length_scale, noise_w } = inference;
  return Float32Array.of(noise_scale, length_scale * lengthScale, noise_w);
}
