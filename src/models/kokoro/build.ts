import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import { decodeModel } from '../onnx/decode.js';
import { encodeModel } from '../onnx/encode.js';
import type { OnnxModel, OnnxTensor } from '../onnx/types.js';
import { ELEMENT } from '../onnx/types.js';
import { writeWhole } from '../write-whole.js';
import { withDurations } from './durations.js';

/** Changes whenever what older code built can no longer be used. */
export const TIMED_GRAPH_FORMAT = 1;

/** The graph as it was published. */
export const KOKORO_GRAPH = 'model.onnx';
/** The graph that also tells the durations; most of its weights lie in {@link KOKORO_GRAPH}. */
export const TIMED_GRAPH = 'timed.onnx';
/** Says whether there is a {@link TIMED_GRAPH}; written last. */
export const TIMING_FILE = 'timing.json';

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
export async function buildKokoroGraph({ modelDir, onProgress }: BuildOptions): Promise<void> {
  try {
    const bytes = await readFile(join(modelDir, KOKORO_GRAPH));
    const timed = withDurations(decodeModel(bytes));
    await rm(join(modelDir, TIMED_GRAPH), { force: true });
    if (timed !== undefined) {
      const graph = encodeModel(withWeightsIn(bytes, timed));
      await writeWhole(join(modelDir, TIMED_GRAPH), graph, async (partial) => {
        // Loads onnxruntime, which nothing else of a pull needs.
        const { assertSameAudio } = await import('./verify.js');
        await assertSameAudio(join(modelDir, KOKORO_GRAPH), partial);
      });
      onProgress?.({ doneBytes: graph.byteLength });
    }
    const timing: KokoroTiming = {
      format: TIMED_GRAPH_FORMAT,
      ...(timed === undefined ? { untimedReason: UNKNOWN_EXPORT } : {}),
    };
    await writeWhole(join(modelDir, TIMING_FILE), `${JSON.stringify(timing)}\n`);
  } catch (caught) {
    throw ChorusError.withCode('model_failed', caught);
  }
}

/** What to build. */
export interface BuildOptions {
  readonly modelDir: string;
  readonly onProgress?: (progress: { readonly doneBytes: number }) => void;
}

/** The same model, its large byte weights left where they stand in the published file. */
function withWeightsIn(published: Uint8Array, model: OnnxModel): OnnxModel {
  const initializers = model.graph.initializers.map((tensor) => leftIn(published, tensor));
  return { ...model, graph: { ...model.graph, initializers } };
}

/** onnxruntime maps such weights into memory: wider values would have to be aligned there. */
function leftIn(published: Uint8Array, tensor: OnnxTensor): OnnxTensor {
  const { data, elementType } = tensor;
  if (!(data instanceof Uint8Array) || data.buffer !== published.buffer) return tensor;
  if (data.byteLength < MIN_EXTERNAL_BYTES || !BYTE_TYPES.has(elementType)) return tensor;
  const offset = data.byteOffset - published.byteOffset;
  return { ...tensor, data: { location: KOKORO_GRAPH, offset, length: data.byteLength } };
}
