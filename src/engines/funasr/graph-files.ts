import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import { readOnnxMetadata } from '../../models/onnx/metadata.js';
import type { Precision } from '../../protocol/precision.js';
import type { ComputeTarget } from '../engine.js';

/** Which of a model's graphs are wanted. */
export interface GraphWish {
  readonly device: ComputeTarget['kind'];
  readonly precision?: Precision | undefined;
}

/** How exporters end the names: sherpa-onnx, FunASR, both. */
const INTEGERS = ['.int8.onnx', '_quant.onnx'];
const FLOATS = ['.onnx'];
const HALVES = ['.fp16.onnx'];

/**
 * Finds a graph by the names that exporters give it: `name.int8.onnx` (sherpa-onnx), `name_quant.onnx`
 * (FunASR), `name.fp16.onnx`, `name.onnx`. One of the wanted precision is taken first; else a CPU takes
 * the integers, and a GPU, which is slower with them, the floats.
 * @returns undefined if there is none.
 */
export async function findGraph(
  modelDir: string,
  names: readonly string[],
  { device, precision }: GraphWish,
): Promise<string | undefined> {
  const usual = device === 'cpu' ? [...INTEGERS, ...FLOATS] : [...FLOATS, ...INTEGERS];
  const wanted =
    precision === undefined ? [] : { int8: INTEGERS, fp16: HALVES, fp32: FLOATS }[precision];
  const suffixes = [...wanted, ...usual];
  for (const suffix of suffixes) {
    for (const name of names) {
      const path = join(modelDir, name + suffix);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() === true) return path;
    }
  }
  return undefined;
}

/** What the name of a graph says of its numbers. */
export function precisionOf(path: string): Precision {
  if (INTEGERS.some((suffix) => path.endsWith(suffix))) return 'int8';
  return HALVES.some((suffix) => path.endsWith(suffix)) ? 'fp16' : 'fp32';
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
