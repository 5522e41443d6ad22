import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import { decodeModel } from '../onnx/decode.js';
import { encodeModel } from '../onnx/encode.js';
import type { OnnxModel, OnnxTensor } from '../onnx/types.js';
import { ELEMENT } from '../onnx/types.js';
import { nameOfVariant } from '../variants.js';
import { writeWhole } from '../write-whole.js';
import { withDurations } from './durations.js';

/** Changes whenever what older code built can no longer be used. */
export const TIMED_GRAPH_FORMAT = 1;

/** The graph as it was published; those of other variants have their precision in the name. */
export const KOKORO_GRAPH = 'model.onnx';
/** The graph that also tells the durations; most of its weights lie in {@link KOKORO_GRAPH}. */
export const TIMED_GRAPH = 'timed.onnx';
/** Says whether there is a {@link TIMED_GRAPH}; written last. */
export const TIMING_FILE = 'timing.json';
/** The variant with plain names. */
const PLAIN: Precision = 'int8';

/** Names of a variant's files; {@link KOKORO_GRAPH} and the others are those of `int8`. */
export function kokoroFiles(precision: Precision): Readonly<Record<KokoroFile, string>> {
  const name = (plain: string) => nameOfVariant(plain, precision, PLAIN);
  return { published: name(KOKORO_GRAPH), timed: name(TIMED_GRAPH), timing: name(TIMING_FILE) };
}

type KokoroFile = 'published' | 'timed' | 'timing';

/** What stands in {@link TIMING_FILE}. */
export interface KokoroTiming {
  readonly format: number;
  /** Why this export tells no durations; absent if it does. */
  readonly untimedReason?: string;
}

const UNKNOWN_EXPORT = 'its durations were not found between its speed and their rounding';
/** Smaller constants are not worth a look into another file. */
const MIN_EXTERNAL_BYTES = 4096;
/** Types whose values may begin at any byte of the file. */
const BYTE_TYPES: ReadonlySet<number> = new Set([ELEMENT.int8, ELEMENT.uint8]);

/**
 * Writes the graph that tells the durations, next to the published one. A graph in which they
 * cannot be found stays as it is: it speaks, and knows no words' times.
 * @throws ChorusError `model_failed` if the published graph cannot be read, or if the two graphs do
 *   not speak alike.
 */
export async function buildKokoroGraph(options: BuildOptions): Promise<void> {
  try {
    for (const precision of options.precisions ?? [PLAIN]) await build(precision, options);
  } catch (caught) {
    throw ChorusError.withCode('model_failed', caught);
  }
}

async function build(precision: Precision, { modelDir, onProgress }: BuildOptions): Promise<void> {
  const { published, timed: timedName, timing: timingName } = kokoroFiles(precision);
  const path = (name: string) => join(modelDir, name);
  const bytes = await readFile(path(published));
  const timed = withDurations(decodeModel(bytes));
  await rm(path(timedName), { force: true });
  if (timed !== undefined) {
    const graph = encodeModel(withWeightsIn({ bytes, name: published }, timed));
    await writeWhole(path(timedName), graph, async (partial) => {
      // Loads onnxruntime, which nothing else of a pull needs.
      const { assertSameAudio } = await import('./verify.js');
      await assertSameAudio(path(published), partial);
    });
    onProgress?.({ doneBytes: graph.byteLength });
  }
  const timing: KokoroTiming = {
    format: TIMED_GRAPH_FORMAT,
    ...(timed === undefined ? { untimedReason: UNKNOWN_EXPORT } : {}),
  };
  await writeWhole(path(timingName), `${JSON.stringify(timing)}\n`);
}

/** What to build. */
export interface BuildOptions {
  readonly modelDir: string;
  /** Of which variants; `int8` alone if left out. Their published graphs are there. */
  readonly precisions?: readonly Precision[];
  readonly onProgress?: (progress: { readonly doneBytes: number }) => void;
}

/** A graph as it was published. */
interface Published {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** The same model, its large byte weights left where they stand in the published file. */
function withWeightsIn(published: Published, model: OnnxModel): OnnxModel {
  const initializers = model.graph.initializers.map((tensor) => leftIn(published, tensor));
  return { ...model, graph: { ...model.graph, initializers } };
}

/** onnxruntime maps such weights into memory: wider values would have to be aligned there. */
function leftIn({ bytes, name }: Published, tensor: OnnxTensor): OnnxTensor {
  const { data, elementType } = tensor;
  if (!(data instanceof Uint8Array) || data.buffer !== bytes.buffer) return tensor;
  if (data.byteLength < MIN_EXTERNAL_BYTES || !BYTE_TYPES.has(elementType)) return tensor;
  const offset = data.byteOffset - bytes.byteOffset;
  return { ...tensor, data: { location: name, offset, length: data.byteLength } };
}
