import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { decodeModel } from './decode.js';
import type { OnnxModel, OnnxTensor } from './types.js';

/**
 * Reads an `.onnx` file with the constants that lie in files beside it.
 * @throws Error if a file is not there, or is shorter than the graph says.
 */
export async function readModel(path: string): Promise<OnnxModel> {
  const model = decodeModel(await readFile(path));
  const files = new Map<string, Uint8Array>();
  const initializers: OnnxTensor[] = [];
  for (const tensor of model.graph.initializers) {
    const { data } = tensor;
    if (data instanceof Uint8Array) {
      initializers.push(tensor);
      continue;
    }
    const bytes = files.get(data.location) ?? (await readFile(join(dirname(path), data.location)));
    files.set(data.location, bytes);
    const end = data.offset + data.length;
    if (end > bytes.byteLength) throw new Error(`${data.location} is cut short.`);
    initializers.push({ ...tensor, data: bytes.subarray(data.offset, end) });
  }
  return { ...model, graph: { ...model.graph, initializers } };
}
