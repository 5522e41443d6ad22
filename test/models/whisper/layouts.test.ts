import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EncodedBatch, WhisperBackend } from '../../../src/engines/whisper/backend.js';
import { openBackend } from '../../../src/engines/whisper/open-backend.js';
import type { WhisperFiles } from '../../../src/engines/whisper/model-files.js';
import { writeGraph } from '../../../src/models/onnx/write.js';
import { decoderGraph } from '../../../src/models/whisper/decoder-graph.js';
import { encoderGraph } from '../../../src/models/whisper/encoder-graph.js';
import type { WhisperDims, WhisperInfo } from '../../../src/models/whisper/info.js';
import type { WeightSet } from '../../../src/models/whisper/weights.js';
import type { Precision } from '../../../src/protocol/precision.js';

/** Large-v3-turbo in small: 128 mels, many more layers in the encoder than in the decoder. */
const DIMS: WhisperDims = {
  mels: 128,
  width: 192,
  heads: 3,
  encoderLayers: 4,
  decoderLayers: 2,
  vocabulary: 2000,
  audioPositions: 1500,
  textPositions: 448,
};
const HEADS = [
  [0, 2],
  [1, 0],
  [1, 1],
] as const;
const HEAD_WIDTH = 64;

/** Random numbers in the shape of each tensor of the layout. */
function randomWeights(): WeightSet {
  const { mels, width, vocabulary, audioPositions, textPositions } = DIMS;
  const shapes: Readonly<Record<string, readonly number[]>> = {
    'encoder/conv1.weight': [width, mels, 3],
    'encoder/conv2.weight': [width, width, 3],
    'encoder/positions': [audioPositions, width],
    'decoder/positions': [textPositions, width],
    'decoder/embeddings': [vocabulary, width],
    'self.qkv.weight': [3 * width, width],
    'cross.kv.weight': [2 * width, width],
    'mlp.up.weight': [4 * width, width],
    'mlp.down.weight': [width, 4 * width],
    'self.qkv.bias': [3 * width],
    'cross.kv.bias': [2 * width],
    'mlp.up.bias': [4 * width],
  };
  const dimsOf = (name: string) => {
    const part = name.replace(/^\w+\/\d+\//, '');
    const isVector = name.endsWith('.bias') || name.endsWith('norm.weight');
    return shapes[part] ?? (isVector ? [width] : [width, width]);
  };
  return {
    has: () => true,
    get: (name) => ({
      dims: dimsOf(name),
      read: () => Promise.resolve(randoms(name, dimsOf(name))),
    }),
    close: () => Promise.resolve(),
  };
}

function randoms(name: string, dims: readonly number[]): Float32Array {
  let state = [...name].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 2_147_483_647, 7);
  const spread = name.endsWith('embeddings') ? 1 : 0.1;
  return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return spread * (state / 1_073_741_824 - 1) + (name.endsWith('norm.weight') ? 1 : 0);
  });
}

const info = { alignmentHeads: HEADS } as unknown as WhisperInfo;
let folder: string;
const opened: { close(): Promise<void> }[] = [];

/** Writes the layout in a precision and opens it as a replica does. */
async function build(precision: Precision): Promise<WhisperBackend> {
  const weights = randomWeights();
  const writing = { opsets: { '': 20, 'com.microsoft': 1 } };
  const path = (name: string) => join(folder, `${name}-${precision}.onnx`);
  await writeGraph(path('encoder'), encoderGraph(weights, DIMS, precision), writing);
  const options = { weights, dims: DIMS, precision, queryLayers: [0, 1] };
  await writeGraph(path('decoder'), decoderGraph(options), writing);
  const pair = { encoder: path('encoder'), decoder: path('decoder') };
  const graphs = new Map([[precision, pair]]);
  const files: WhisperFiles = { kind: 'built', graphs, dims: DIMS, info };
  const load = { threads: 1, target: { kind: 'cpu' }, precision } as const;
  const { backend, held } = await openBackend(load, files);
  opened.push(held);
  return backend;
}

function features(seed: string, frames: number): Float32Array {
  return randoms(seed, [DIMS.mels, frames]);
}

/** Logits after a start, three tokens one by one, and the attention of the last rows. */
async function decode(batch: EncodedBatch, windows: number) {
  const run = batch.decode();
  const each = (tokens: readonly number[]) => Array.from({ length: windows }, () => tokens);
  await run.step(each([5, 7]));
  const queries: Float32Array[][] = Array.from({ length: windows }, () => []);
  let logits: readonly Float32Array[] = [];
  for (const token of [11, 13, 17]) {
    const answer = await run.step(each([token]), true);
    for (const [row, query] of (answer.queries ?? []).entries()) queries[row]?.push(query);
    logits = answer.logits.map((row) => row.slice());
  }
  return { logits, queries, run };
}

const largest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-layouts-'));
});
afterAll(async () => {
  for (const held of opened) await held.close();
  await rm(folder, { recursive: true });
});

describe('the layout of large-v3-turbo, in small', () => {
  it.each([3000, 402])('decodes windows of %i frames together as it does alone', async (frames) => {
    const backend = await build('fp32');
    const windows = [features('a', frames), features('b', frames), features('c', frames)];
    const together = await decode(await backend.encode(windows, frames), 3);
    for (const [index, window] of windows.entries()) {
      const batch = await backend.encode([window], frames);
      const alone = await decode(batch, 1);
      const [logits, found] = [alone.logits[0], together.logits[index]];
      if (!logits || !found) throw new Error('No logits.');
      expect(logits).toHaveLength(DIMS.vocabulary);
      expect(largest(logits, found)).toBeLessThan(1e-3);
      expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(1);
      for (const [row, query] of (alone.queries[0] ?? []).entries()) {
        expect(query).toHaveLength(HEADS.length * HEAD_WIDTH);
        expect(largest(query, together.queries[index]?.[row] ?? new Float32Array())).toBeLessThan(
          1e-3,
        );
      }
    }
  });

  it('goes on with the rows that are kept, also with one of them several times', async () => {
    const backend = await build('fp32');
    const windows = ['a', 'b', 'c'].map((seed) => features(seed, 402));
    const next = async (rows: readonly number[]) => {
      const { run } = await decode(await backend.encode(windows, 402), 3);
      run.keep(rows);
      const { logits } = await run.step(rows.map(() => [19]));
      // They are good until the next step.
      return logits.map((row) => row.slice());
    };
    const all = await next([0, 1, 2]);
    const some = await next([0, 2]);
    const [one, again] = await next([1, 1]);
    if (!all[0] || !all[1] || !all[2] || !some[0] || !some[1] || !one || !again) throw new Error();
    expect(largest(all[0], some[0])).toBeLessThan(1e-3);
    expect(largest(all[2], some[1])).toBeLessThan(1e-3);
    expect(largest(all[1], one)).toBeLessThan(1e-3);
    expect(largest(one, again)).toBeLessThan(1e-6);
  });

  it.each(['int8', 'fp16'] as const)('says about the same in %s', async (precision) => {
    const windows = [features('a', 402), features('b', 402)];
    const results = [];
    for (const one of ['fp32', precision] as const) {
      const batch = await (await build(one)).encode(windows, 402);
      const { logits, queries } = await decode(batch, 2);
      const attention = await batch.attention({
        window: 1,
        queries: queries[1] ?? [],
        positions: 150,
      });
      results.push({ logits, attention });
    }
    const [exact, near] = results;
    const spread = Math.max(...(exact?.logits[1] ?? [])) - Math.min(...(exact?.logits[1] ?? []));
    const difference = largest(
      exact?.logits[1] ?? new Float32Array(),
      near?.logits[1] ?? new Float32Array(),
    );
    expect(difference).toBeLessThan(spread * (precision === 'int8' ? 0.1 : 0.02));
    expect(near?.attention).toHaveLength(HEADS.length * 3 * 150);
    // Each head and position has mean 0 over the rows.
    const sum = [0, 1, 2].reduce(
      (total, row) => total + (near?.attention?.[row * 150 + 7] ?? 0),
      0,
    );
    expect(Math.abs(sum)).toBeLessThan(1e-3);
  });
});
