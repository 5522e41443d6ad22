import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { GraphContract } from '../../../src/engines/onnx/contract.js';
import { openSession } from '../../../src/engines/onnx/session.js';
import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { ELEMENT } from '../../../src/models/onnx/types.js';
import { writeGraph } from '../../../src/models/onnx/write.js';

let folder: string;
let path: string;
const fits: GraphContract = {
  inputs: { tokens: { type: 'int64', rank: 2 }, style: { type: 'float32', rank: 1 } },
  outputs: ['sum'],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-session-'));
  path = join(folder, 'graph.onnx');
  const graph = new GraphBuilder('graph');
  graph.input('tokens', ELEMENT.int64, ['batch', 'length']);
  graph.input('style', ELEMENT.float32, [4]);
  const numbers = graph.node('Cast', ['tokens'], { attributes: { to: ELEMENT.float32 } });
  const total = graph.node('ReduceSum', [numbers], { attributes: { keepdims: 0 } });
  graph.node('Add', [total, 'style'], { outputs: ['sum'] });
  graph.output('sum', ELEMENT.float32, [4]);
  await writeGraph(path, graph, { opsets: { '': 20 } });
});
afterAll(() => rm(folder, { recursive: true }));

function open(expect: GraphContract) {
  return openSession({ path, threads: 1, target: { kind: 'cpu' }, expect });
}

describe('openSession', () => {
  it('opens a graph that is as expected', async () => {
    const { session } = await open(fits);
    await session.release();
  });

  it('lets an optional input be absent', async () => {
    const inputs = { ...fits.inputs, speed: { type: 'float32', optional: true } };
    const { session } = await open({ ...fits, inputs });
    await session.release();
  });

  it.each<[string, GraphContract, RegExp]>([
    [
      'a missing input',
      { inputs: { ...fits.inputs, speed: { type: 'float32' } } },
      /input speed is missing \(there are tokens, style\)/,
    ],
    [
      'an input that nobody feeds',
      { inputs: { tokens: { type: 'int64' } } },
      /input style is unknown/,
    ],
    [
      'another element type',
      { inputs: { ...fits.inputs, tokens: { type: 'int32', rank: 2 } } },
      /input tokens is int64 instead of int32/,
    ],
    [
      'another rank',
      { inputs: { ...fits.inputs, style: { type: 'float32', rank: 2 } } },
      /input style has 1 dimensions instead of 2/,
    ],
    [
      'a missing output',
      { ...fits, outputs: ['audio'] },
      /output audio is missing \(there are sum\)/,
    ],
  ])('refuses %s with words', async (_, contract, words) => {
    await expect(open(contract)).rejects.toThrow(words);
    await expect(open(contract)).rejects.toMatchObject({ code: 'model_failed' });
  });

  it('refuses a file that is no graph', async () => {
    const other = join(folder, 'text.onnx');
    await writeFile(other, 'no graph');
    const opening = openSession({ path: other, threads: 1, target: { kind: 'cpu' }, expect: fits });
    await expect(opening).rejects.toMatchObject({ code: 'model_failed' });
    await expect(opening).rejects.toThrow(/text\.onnx cannot be loaded on cpu/);
  });
});
