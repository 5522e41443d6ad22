import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { buildWhisperGraph } from '../../../src/models/whisper/build.js';
import { CTranslate2File } from '../../../src/models/whisper/ctranslate2.js';
import { floatToHalf, halfToFloat } from '../../../src/models/half-floats.js';
import { modelDir } from '../../support/models.js';

const TINY = modelDir('whisper-tiny.en');
const LAYERS = 4;
/** What a build leaves. */
const GRAPH_FILES = [
  ...['encoder.onnx', 'encoder.onnx.data', 'decoder.onnx', 'decoder.onnx.data', 'graph.json'],
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-weights-'));
  await copyFile(join(TINY, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  await copyFile(join(TINY, 'config.json'), join(folder, 'config.json'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Part {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

describe('buildWhisperGraph', () => {
  it('builds the same bytes from safetensors as from CTranslate2', async () => {
    await buildWhisperGraph({ modelDir: TINY, outDir: folder });
    const expected = await hashes(folder);
    const parts = await readAsHuggingFace();

    await writeSafetensors(join(folder, 'model.safetensors'), parts, 'F16');
    await buildWhisperGraph({ modelDir: folder });
    expect(await hashes(folder)).toEqual(expected);

    await rm(join(folder, 'model.safetensors'));
    await writeShards(parts);
    await buildWhisperGraph({ modelDir: folder });
    expect(await hashes(folder)).toEqual(expected);
  });

  it('reads bfloat16', async () => {
    const parts = await readAsHuggingFace();
    await writeSafetensors(join(folder, 'model.safetensors'), parts, 'BF16');
    await buildWhisperGraph({ modelDir: folder });
    const [first] = parts;
    const data = await readFile(join(folder, 'encoder.onnx.data'));
    const found = new Float32Array(Uint8Array.from(data.subarray(0, 64)).buffer);
    for (const [i, value] of found.entries()) {
      expect(Math.abs(value - (first?.values[i] ?? 0))).toBeLessThanOrEqual(Math.abs(value) / 127);
    }
  });

  it('leaves nothing half done when the weights are cut short, and says so', async () => {
    const whole = await readFile(join(TINY, 'model.bin'));
    await writeFile(join(folder, 'model.bin'), whole.subarray(0, whole.length - 1_000_000));
    await expect(buildWhisperGraph({ modelDir: folder })).rejects.toThrow(/cut short/);
    const left = await readdir(folder);
    expect(left.toSorted()).toEqual(['config.json', 'model.bin', 'tokenizer.json']);
  });

  it.each([
    ['a text', Buffer.from('no model at all, but a text of some length'), /version/],
    ['an empty file', Buffer.alloc(0), /cut short/],
    ['another version', Buffer.from([5, 0, 0, 0, 0, 0]), /version 5/],
    ['another network', headerOf('TransformerSpec'), /TransformerSpec, no Whisper/],
  ])('refuses %s as model.bin with words', async (_, bytes, words) => {
    await writeFile(join(folder, 'model.bin'), bytes);
    const building = buildWhisperGraph({ modelDir: folder });
    await expect(building).rejects.toThrow(words);
    await expect(building).rejects.toMatchObject({ code: 'model_failed' });
  });

  it('names a tensor that a checkpoint lacks', async () => {
    const parts = (await readAsHuggingFace()).filter(({ name }) => !name.includes('layers.2.fc1'));
    await writeSafetensors(join(folder, 'model.safetensors'), parts, 'F16');
    await expect(buildWhisperGraph({ modelDir: folder })).rejects.toThrow(
      /encoder\.layers\.2\.fc1/,
    );
  });

  it('says that a folder has no weights', async () => {
    await expect(buildWhisperGraph({ modelDir: folder })).rejects.toThrow(ChorusError);
    await expect(buildWhisperGraph({ modelDir: folder })).rejects.toThrow(/neither model\.bin/);
  });
});

describe('floatToHalf', () => {
  it('gives every half back', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const finite = bits.filter((one) => (one & 0x7c00) !== 0x7c00);
    expect(floatToHalf(halfToFloat(finite))).toEqual(finite);
  });

  it('rounds to the nearest, ties to even', () => {
    const values = Float32Array.from([
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      1 + 2 ** -12,
      1e6,
      -(2 ** -25),
    ]);
    expect([...halfToFloat(floatToHalf(values))]).toEqual([1, 1 + 2 ** -9, 1, Infinity, -0]);
  });
});

async function hashes(dir: string): Promise<string[]> {
  const read = async (name: string) => readFile(join(dir, name));
  const files = await Promise.all(GRAPH_FILES.map(read));
  return files.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
}

function headerOf(spec: string): Buffer {
  const header = Buffer.from([6, 0, 0, 0, spec.length + 1, 0]);
  return Buffer.concat([header, Buffer.from(`${spec}\0`), Buffer.alloc(8)]);
}

/** Tiny.en's tensors under the names that `transformers` gives them. */
async function readAsHuggingFace(): Promise<Part[]> {
  const file = await CTranslate2File.open(join(TINY, 'model.bin'));
  const parts: Part[] = [];
  const add = async (from: string, ...names: string[]) => {
    const tensor = file.get(from);
    const values = await tensor.read();
    const rows = (tensor.dims[0] ?? 0) / names.length;
    for (const [i, name] of names.entries()) {
      const size = values.length / names.length;
      // The key's bias is all zeros, and `transformers` has none.
      if (name.endsWith('k_proj.bias')) continue;
      const dims = [rows, ...tensor.dims.slice(1)];
      parts.push({ name: `model.${name}`, dims, values: values.slice(i * size, (i + 1) * size) });
    }
  };
  const linear = async (from: string, ...names: string[]) => {
    for (const kind of ['weight', 'bias']) {
      await add(`${from}/${kind}`, ...names.map((name) => `${name}.${kind}`));
    }
  };
  const norm = async (from: string, name: string) => {
    await add(`${from}/layer_norm/gamma`, `${name}.weight`);
    await add(`${from}/layer_norm/beta`, `${name}.bias`);
  };
  await linear('encoder/conv1', 'encoder.conv1');
  await linear('encoder/conv2', 'encoder.conv2');
  await add('decoder/embeddings/weight', 'decoder.embed_tokens.weight');
  for (const side of ['encoder', 'decoder']) {
    await add(`${side}/position_encodings/encodings`, `${side}.embed_positions.weight`);
    await norm(side, `${side}.layer_norm`);
    for (let layer = 0; layer < LAYERS; layer++) {
      const [from, to] = [`${side}/layer_${layer}`, `${side}.layers.${layer}`];
      const heads = (name: string, ...kinds: string[]) =>
        kinds.map((kind) => `${to}.${name}.${kind}_proj`);
      await norm(`${from}/self_attention`, `${to}.self_attn_layer_norm`);
      await linear(`${from}/self_attention/linear_0`, ...heads('self_attn', 'q', 'k', 'v'));
      await linear(`${from}/self_attention/linear_1`, ...heads('self_attn', 'out'));
      await norm(`${from}/ffn`, `${to}.final_layer_norm`);
      await linear(`${from}/ffn/linear_0`, `${to}.fc1`);
      await linear(`${from}/ffn/linear_1`, `${to}.fc2`);
      if (side === 'encoder') continue;
      await norm(`${from}/attention`, `${to}.encoder_attn_layer_norm`);
      await linear(`${from}/attention/linear_0`, ...heads('encoder_attn', 'q'));
      await linear(`${from}/attention/linear_1`, ...heads('encoder_attn', 'k', 'v'));
      await linear(`${from}/attention/linear_2`, ...heads('encoder_attn', 'out'));
    }
  }
  await file.close();
  return parts;
}

function encodeValues(values: Float32Array, type: 'F16' | 'BF16'): Uint16Array {
  if (type === 'F16') return floatToHalf(values);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (one) => one >>> 16);
}

async function writeSafetensors(
  path: string,
  parts: readonly Part[],
  type: 'F16' | 'BF16',
): Promise<void> {
  let at = 0;
  const entries = parts.map(({ name, dims, values }) => {
    const end = at + values.length * 2;
    const entry = { dtype: type, shape: dims, data_offsets: [at, end] };
    at = end;
    return [name, entry] as const;
  });
  const header = Object.fromEntries([['__metadata__', { format: 'pt' }], ...entries]);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, 'w');
  await file.writeFile(Buffer.concat([length, json]));
  for (const { values } of parts) {
    const bits = encodeValues(values, type);
    await file.writeFile(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
  }
  await file.close();
}

async function writeShards(parts: readonly Part[]): Promise<void> {
  const half = Math.floor(parts.length / 2);
  const shards = [parts.slice(0, half), parts.slice(half)];
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = `model-0000${i + 1}-of-00002.safetensors`;
    await writeSafetensors(join(folder, name), shard, 'F16');
    for (const part of shard) map[part.name] = name;
  }
  const index = JSON.stringify({ metadata: {}, weight_map: map });
  await writeFile(join(folder, 'model.safetensors.index.json'), index);
}
