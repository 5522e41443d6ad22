import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import { readOnnxMetadata } from '../../models/onnx/metadata.js';
import type { ComputeTarget } from '../engine.js';

/**
 * Finds a graph by the names that exporters give it: `name.int8.onnx` (sherpa-onnx), `name_quant.onnx`
 * (FunASR), `name.onnx`. A CPU takes the integers first; a GPU is slower with them than with floats.
 * @returns undefined if there is none.
 */
export async function findGraph(
  modelDir: string,
  names: readonly string[],
  target: ComputeTarget['kind'],
): Promise<string | undefined> {
  const suffixes = ['.int8.onnx', '_quant.onnx', '.onnx'];
  if (target === 'cuda') suffixes.reverse();
  for (const suffix of suffixes) {
    for (const name of names) {
      const path = join(modelDir, name + suffix);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() === true) return path;
    }
  }
  return undefined;
}

/** What the exporter wrote beside a graph. @throws ChorusError `model_failed` if it cannot be read. */
export async function metadataOf(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    return await readOnnxMetadata(path);
  } catch (caught) {
    const words = caught instanceof Error ? caught.message : String(caught);
    const message = `The graph ${path} cannot be read: ${words}`;
    throw new ChorusError('model_failed', message, {}, { cause: caught });
  }
}

/** The error for a folder without a graph. */
export function noGraph(modelDir: string, names: string): ChorusError {
  return new ChorusError('model_failed', `There is no graph in ${modelDir} (${names}).`);
}
