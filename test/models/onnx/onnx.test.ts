import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { decodeModel } from '../../../src/models/onnx/decode.js';
import { decodeTensor } from '../../../src/models/onnx/decode-tensor.js';
import { encodeModel } from '../../../src/models/onnx/encode.js';
import { ELEMENT, type OnnxModel } from '../../../src/models/onnx/types.js';
import { WireWriter } from '../../../src/models/onnx/wire.js';
import { writeGraph } from '../../../src/models/onnx/write.js';
import { modelDir } from '../../support/models.js';

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('encodeModel and decodeModel', () => {
  it('give back every kind of thing that a model is made of', () => {
    const inner = { name: 'inner', nodes: [], initializers: [], inputs: [], outputs: [] };
    const data = Uint8Array.from([1, 2, 3, 4]);
    const tensor = { name: 't', elementType: ELEMENT.uint8, dims: [4], data };
    const external = { location: 'x.data', offset: 5_000_000_000, length: 12 };
    const model: OnnxModel = {
      irVersion: 10,
      producer: 'tests',
      opsets: { '': 20, 'com.microsoft': 1 },
      metadata: { key: 'value', 'other key': 'ü' },
      graph: {
        name: 'graph',
        nodes: [
          {
            opType: 'Something',
            domain: 'com.microsoft',
            name: 'node',
            inputs: ['a', '', 'b'],
            outputs: ['c'],
            attributes: {
              float: { type: 'float', value: 0.5 },
              zero: { type: 'int', value: 0 },
              minus: { type: 'int', value: -1 },
              big: { type: 'int', value: 2n ** 63n - 1n },
              string: { type: 'string', value: 'wörter' },
              tensor: { type: 'tensor', value: tensor },
              graph: { type: 'graph', value: inner },
              floats: { type: 'floats', value: [1, -0.25] },
              ints: { type: 'ints', value: [3, -4, 300] },
              none: { type: 'ints', value: [] },
              strings: { type: 'strings', value: ['a', ''] },
            },
          },
        ],
        initializers: [tensor, { ...tensor, name: 'far', data: external }],
        inputs: [{ name: 'a', elementType: ELEMENT.int64, shape: ['batch', 3] }],
        outputs: [{ name: 'c', elementType: ELEMENT.float32 }],
      },
    };
    expect(decodeModel(Uint8Array.from(encodeModel(model)))).toEqual(model);
  });

  it('read a real voice, and what is written again computes the same', async () => {
    const original = await readFile(join(modelDir('piper-en-us-joe'), 'model.onnx'));
    const model = decodeModel(original);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual([
      'input',
      'input_lengths',
      'scales',
    ]);
    expect(model.graph.nodes.length).toBeGreaterThan(1000);
    const rewritten = join(folder, 'voice.onnx');
    await writeFile(rewritten, encodeModel(model));
    const feeds = {
      input: new Tensor(
        'int64',
        BigInt64Array.from([1, 0, 20, 0, 59, 0, 24, 0, 2], BigInt),
        [1, 9],
      ),
      input_lengths: new Tensor('int64', [9n], [1]),
      scales: new Tensor('float32', [0, 1, 0], [3]),
    };
    const outputs = [];
    for (const source of [original, await readFile(rewritten)]) {
      const session = await InferenceSession.create(source, ONE_THREAD);
      outputs.push((await session.run(feeds))['output']?.data);
      await session.release();
    }
    expect(outputs[0]).toHaveProperty('length');
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it('refuse what is cut short', () => {
    const bytes = encodeModel(minimalModel());
    expect(() => decodeModel(bytes.subarray(0, bytes.length - 3))).toThrow(/cut short/);
  });
});

describe('decodeTensor', () => {
  const floats = new WireWriter().float(4, 1.5).float(4, -2);
  const ints = new WireWriter().int(5, 7).int(5, -8);
  const wide = new WireWriter().int(7, 9).int(7, -1);
  it.each([
    { field: 'float_data', type: ELEMENT.float32, values: floats, expected: [1.5, -2] },
    { field: 'int32_data', type: ELEMENT.int32, values: ints, expected: [7, -8] },
    { field: 'int64_data', type: ELEMENT.int64, values: wide, expected: [9n, -1n] },
  ])('reads values that stand in $field', ({ type, values, expected }) => {
    values.int(1, 2).int(2, type).string(8, 'named');
    const { data, name, dims } = decodeTensor(values.finish());
    expect([name, dims]).toEqual(['named', [2]]);
    const { buffer } = Uint8Array.from(data as Uint8Array);
    const views = {
      [ELEMENT.float32]: Float32Array,
      [ELEMENT.int32]: Int32Array,
      [ELEMENT.int64]: BigInt64Array,
    };
    expect([...new views[type](buffer)]).toEqual(expected);
  });
});

describe('writeGraph', () => {
  it('writes a graph that onnxruntime runs, its weights in a file of their own', async () => {
    const graph = new GraphBuilder('sum');
    const input = graph.input('x', ELEMENT.float32, ['n', 2]);
    const weight = {
      elementType: ELEMENT.float32,
      dims: [2],
      read: () => Promise.resolve(new Uint8Array(Float32Array.from([10, 20]).buffer)),
    };
    const sum = graph.node('Add', [input, graph.weight('first', weight)]);
    graph.node('Add', [sum, graph.weight('second', weight)], { outputs: ['y'] });
    graph.output('y', ELEMENT.float32, ['n', 2]);
    const path = join(folder, 'sum.onnx');
    const seen: number[] = [];
    await writeGraph(path, graph, { opsets: { '': 20 }, onBytes: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([8, 8]);
    const session = await InferenceSession.create(path, ONE_THREAD);
    const { y } = await session.run({ x: new Tensor('float32', [1, 2, 3, 4], [2, 2]) });
    await session.release();
    expect(y?.data).toEqual(Float32Array.from([21, 42, 23, 44]));
  });
});

function minimalModel(): OnnxModel {
  const info = { name: 'x', elementType: ELEMENT.float32, shape: [1] };
  const graph = { name: 'g', nodes: [], initializers: [], inputs: [info], outputs: [info] };
  return { irVersion: 10, producer: 'tests', opsets: { '': 20 }, metadata: {}, graph };
}
