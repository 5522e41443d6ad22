/** Reading Hugging Face's safetensors files (format: github.com/huggingface/safetensors). */
import { access, open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { halfToFloat } from '../half-floats.js';
import { bfloatToFloat, type WeightTensor } from './weights.js';

/** The header is JSON; the format allows it 100 MB at most. */
const MAX_HEADER_BYTES = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Tensors of one or several safetensors files. */
export class Safetensors {
  readonly #tensors: ReadonlyMap<string, WeightTensor>;
  readonly #files: readonly FileHandle[];

  /**
   * Opens a checkpoint: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
   * @throws Error that says what is wrong with the file.
   */
  static async open(folder: string): Promise<Safetensors> {
    const files: FileHandle[] = [];
    const tensors = new Map<string, WeightTensor>();
    try {
      for (const path of await shardsOf(folder)) {
        const file = await open(path);
        files.push(file);
        for (const [name, tensor] of await readHeader(file, path)) tensors.set(name, tensor);
      }
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
    return new Safetensors(tensors, files);
  }

  private constructor(tensors: ReadonlyMap<string, WeightTensor>, files: readonly FileHandle[]) {
    this.#tensors = tensors;
    this.#files = files;
  }

  find(name: string): WeightTensor | undefined {
    return this.#tensors.get(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

async function shardsOf(folder: string): Promise<string[]> {
  const whole = join(folder, 'model.safetensors');
  const found = await access(whole).then(
    () => true,
    () => false,
  );
  if (found) return [whole];
  const indexPath = `${whole}.index.json`;
  const index = indexSchema.parse(JSON.parse(await readFile(indexPath, 'utf8')));
  return [...new Set(Object.values(index.weight_map))].map((name) =>
    join(dirname(indexPath), name),
  );
}

async function readHeader(file: FileHandle, path: string): Promise<[string, WeightTensor][]> {
  const prefix = await readAt(file, 0, 8);
  const length = Number(new DataView(prefix).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw new Error(`${path} is no safetensors file.`);
  const json: unknown = JSON.parse(Buffer.from(await readAt(file, 8, length)).toString('utf8'));
  const { __metadata__: _, ...entries } = json as Record<string, unknown>;
  return Object.entries(entries).map(([name, value]) => {
    const { dtype, shape, data_offsets: extent } = entrySchema.parse(value);
    const read = async () => {
      const data = await readAt(file, 8 + length + extent[0], extent[1] - extent[0]);
      return toFloats(data, dtype, name);
    };
    return [name, { dims: shape, read }];
  });
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<ArrayBuffer> {
  const data = new ArrayBuffer(length);
  const { bytesRead } = await file.read(new Uint8Array(data), 0, length, offset);
  if (bytesRead < length) throw new Error('The safetensors file is cut short.');
  return data;
}

function toFloats(data: ArrayBuffer, dtype: string, name: string): Float32Array {
  if (dtype === 'F32') return new Float32Array(data);
  if (dtype === 'F16') return halfToFloat(new Uint16Array(data));
  if (dtype === 'BF16') return bfloatToFloat(new Uint16Array(data));
  throw new Error(`${name} is ${dtype}; only F32, F16 and BF16 weights can be built from.`);
}
