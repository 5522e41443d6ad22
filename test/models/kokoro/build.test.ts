import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildKokoroGraph, TIMED_GRAPH, TIMING_FILE } from '../../../src/models/kokoro/build.js';
import { withDurations } from '../../../src/models/kokoro/durations.js';
import { assertSameAudio } from '../../../src/models/kokoro/verify.js';
import type { OnnxModel, OnnxNode } from '../../../src/models/onnx/types.js';
import { copyOfKokoro } from '../../support/kokoro.js';
import { modelDir } from '../../support/models.js';

async function run(path: string, tokens: readonly number[], speed: number) {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const outputs = await session.run({
    tokens: new Tensor('int64', BigInt64Array.from([0, ...tokens, 0], BigInt), [
      1,
      tokens.length + 2,
    ]),
    style: new Tensor('float32', new Float32Array(256).fill(-0.05), [1, 256]),
    speed: new Tensor('float32', Float32Array.of(speed), [1]),
  });
  const audio = Float32Array.from(outputs['audio']?.data as Float32Array);
  const durations = outputs['durations']?.data as Float32Array | undefined;
  const frames = durations && Array.from(durations);
  await session.release();
  return { audio, frames };
}

describe("Kokoro's timed graph", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await copyOfKokoro();
    await buildKokoroGraph({ modelDir: dir });
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('speaks as the published one, to the sample, and tells the frames of each token', async () => {
    const tokens = [50, 156, 43, 102, 16, 62, 57, 4];
    const published = await run(join(dir, 'model.onnx'), tokens, 0.8);
    const timed = await run(join(dir, TIMED_GRAPH), tokens, 0.8);
    expect(published.frames).toBeUndefined();
    expect(timed.audio).toEqual(published.audio);
    expect(timed.frames).toHaveLength(tokens.length + 2);
    for (const frames of timed.frames ?? []) {
      expect(Number.isInteger(frames) && frames >= 1).toBe(true);
    }
    const sum = (timed.frames ?? []).reduce((all, frames) => all + frames, 0);
    expect(sum * 600).toBe(timed.audio.length);
  });

  it('keeps most of its weights where they are', async () => {
    const [published, timed] = await Promise.all(
      ['model.onnx', TIMED_GRAPH].map(async (name) => (await stat(join(dir, name))).size),
    );
    expect(timed).toBeLessThan((published ?? 0) / 5);
    expect(JSON.parse(await readFile(join(dir, TIMING_FILE), 'utf8'))).toEqual({ format: 1 });
    expect((await readdir(dir)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is not believed if it tells nothing', async () => {
    const published = join(dir, 'model.onnx');
    await expect(assertSameAudio(published, published)).rejects.toThrow(/do not add up/);
  });
});

it('leaves a graph as it is whose durations cannot be found, and says why', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-kokoro-'));
  await copyFile(join(modelDir('silero-vad'), 'silero_vad_v6.onnx'), join(dir, 'model.onnx'));
  await buildKokoroGraph({ modelDir: dir });
  const timing: unknown = JSON.parse(await readFile(join(dir, TIMING_FILE), 'utf8'));
  expect(timing).toMatchObject({ untimedReason: expect.stringContaining('not found') });
  expect((await readdir(dir)).toSorted()).toEqual(['model.onnx', TIMING_FILE]);
  await rm(dir, { recursive: true });
});

it('says that there is no graph to begin with', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-kokoro-'));
  await expect(buildKokoroGraph({ modelDir: dir })).rejects.toMatchObject({ code: 'model_failed' });
  await rm(dir, { recursive: true });
});

describe('durations are found by what they are', () => {
  const node = (opType: string, inputs: string[], output: string): OnnxNode => ({
    opType,
    domain: '',
    name: output,
    inputs,
    outputs: [output],
    attributes: {},
  });
  const modelOf = (nodes: readonly OnnxNode[]): OnnxModel => ({
    irVersion: 9,
    producer: '',
    opsets: { '': 20 },
    metadata: {},
    graph: { name: '', nodes, initializers: [], inputs: [], outputs: [] },
  });
  const divided = node('Div', ['sum', 'speed'], 'a');
  const foundIn = (nodes: readonly OnnxNode[]): string | undefined =>
    withDurations(modelOf(nodes))?.graph.nodes.at(-1)?.inputs[0];

  it('whatever stands between, and whether they are clipped or bounded', () => {
    expect(foundIn([divided, node('Round', ['a'], 'b'), node('Clip', ['b'], 'c')])).toBe('c');
    const halved = [
      node('Cast', ['speed'], 'half'),
      node('Div', ['sum', 'half'], 'a'),
      node('Round', ['a'], 'b'),
      node('Cast', ['b'], 'c'),
      node('Max', ['c', 'one'], 'd'),
    ];
    expect(foundIn(halved)).toBe('d');
  });

  it('and not guessed where there are none or two', () => {
    expect(foundIn([divided, node('Round', ['a'], 'b')])).toBeUndefined();
    expect(foundIn([divided, node('Clip', ['a'], 'c')])).toBeUndefined();
    const rounded = [divided, node('Round', ['a'], 'b')];
    const two = [...rounded, node('Clip', ['b'], 'c'), node('Clip', ['b'], 'd')];
    expect(foundIn(two)).toBeUndefined();
  });
});
