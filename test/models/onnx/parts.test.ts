import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';

import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { encodeModel } from '../../../src/models/onnx/encode.js';
import { extractPart, withoutConstantNodes } from '../../../src/models/onnx/extract.js';
import { GraphIndex } from '../../../src/models/onnx/graph-index.js';
import { ELEMENT, type OnnxGraph } from '../../../src/models/onnx/types.js';
import { widenConvolutions } from '../../../src/models/onnx/widen.js';

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const FLOAT = ELEMENT.float32;

async function run(graph: OnnxGraph, inputs: Readonly<Record<string, Tensor>>) {
  const model = { irVersion: 8, producer: 'tests', opsets: { '': 15 }, metadata: {}, graph };
  const session = await InferenceSession.create(encodeModel(model), ONE_THREAD);
  const outputs = await session.run(inputs);
  await session.release();
  return outputs;
}

function wave(dims: readonly number[]): Tensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor(
    'float32',
    Float32Array.from({ length }, (_, i) => Math.sin(i * i)),
    dims,
  );
}

function valuesOf(tensor: Tensor | undefined): number[] {
  return tensor?.data instanceof Float32Array ? [...tensor.data] : [];
}

function constant(g: GraphBuilder, name: string, dims: readonly number[]): string {
  return g.floats(name, wave(dims).data as Float32Array, dims);
}

const opsOf = (graph: OnnxGraph) => graph.nodes.map(({ opType }) => opType);

describe('widenConvolutions', () => {
  /** All that a decoder or a flow may have between its convolutions. */
  function network(): OnnxGraph {
    const g = new GraphBuilder('network');
    const conv = (x: string, dims: number[], attributes: Record<string, number | number[]>) => {
      const weight = constant(g, `weight ${dims.join()} ${x}`, dims);
      return g.node('Conv', [x, weight], { attributes });
    };
    g.input('x', FLOAT, [1, 4, 'time']);
    g.input('condition', FLOAT, [1, 4, 1]);
    g.input('scale', FLOAT, []);
    let x = conv('x', [4, 1, 3], { pads: [2, 2], dilations: [2], group: 4 });
    x = g.node('Add', [x, 'condition']);
    x = g.node('Mul', [x, 'scale']);
    x = g.node('Mul', [x, constant(g, 'per channel', [4, 1])]);
    x = g.node('Slice', [x, g.ints([-1]), g.ints([-5]), g.ints([1]), g.ints([-1])]);
    g.node('Split', [x], { outputs: ['upper', 'lower'], attributes: { axis: 1 } });
    x = g.node('Concat', ['lower', g.node('Tanh', ['upper'])], { attributes: { axis: 1 } });
    x = conv(x, [4, 4, 4], { pads: [1, 2], strides: [2], kernel_shape: [4] });
    // No work of one element alone: it must see the graph's own shape.
    x = g.node('Softmax', [x], { attributes: { axis: 2 } });
    const weight = constant(g, 'up', [4, 3, 5]);
    const attributes = { strides: [3], pads: [1, 0], output_padding: [1] };
    x = g.node('ConvTranspose', [x, weight, constant(g, 'bias', [3])], { attributes });
    g.node('LeakyRelu', [x], { outputs: ['y'] });
    g.output('y', FLOAT, [1, 3, 'longer']);
    g.output('upper', FLOAT, [1, 2, 'time']);
    return g.build([]);
  }

  test('changes nothing of what a network computes', async () => {
    const plain = network();
    const wide = widenConvolutions(plain);
    const inputs = {
      x: wave([1, 4, 21]),
      condition: wave([1, 4, 1]),
      scale: new Tensor('float32', [0.5], []),
    };
    const expected = await run(plain, inputs);
    const found = await run(wide, inputs);
    for (const name of ['y', 'upper']) {
      expect(found[name]?.dims).toEqual(expected[name]?.dims);
      const [values, others] = [valuesOf(expected[name]), valuesOf(found[name])];
      expect(values.length).toBeGreaterThan(10);
      for (const [i, value] of others.entries()) {
        expect(value).toBeCloseTo(values[i] ?? Number.NaN, 5);
      }
    }
  });

  test('keeps the wide form between convolutions', () => {
    const wide = widenConvolutions(network());
    const kernels = new Map(wide.initializers.map(({ name, dims }) => [name, dims.length]));
    const convolutions = wide.nodes.filter(({ opType }) => opType.startsWith('Conv'));
    expect(convolutions.map(({ inputs }) => kernels.get(inputs[1] ?? ''))).toEqual([4, 4, 4]);
    // Two inputs, and after the one operator that needs the plain form; two outputs, and before it.
    expect(opsOf(wide).filter((op) => op === 'Unsqueeze')).toHaveLength(3);
    expect(opsOf(wide).filter((op) => op === 'Squeeze')).toHaveLength(3);
  });

  test.each([
    ['whose padding is not stated', { auto_pad: 'SAME_UPPER' }],
    ['of pictures', {}],
  ])('leaves convolutions %s alone', (what, attributes) => {
    const g = new GraphBuilder('one');
    const isPicture = what === 'of pictures';
    g.input('x', FLOAT, isPicture ? [1, 2, 'height', 'width'] : [1, 2, 'time']);
    const weight = constant(g, 'weight', isPicture ? [2, 2, 3, 3] : [2, 2, 3]);
    g.node('Conv', ['x', weight], { outputs: ['y'], attributes });
    g.output('y', FLOAT, [1, 2, 'time']);
    const graph = g.build([]);
    expect(widenConvolutions(graph).nodes).toEqual(graph.nodes);
  });
});

describe('extractPart', () => {
  /** y = (x + 1) · 2 if flag, else x + 1 ; the branches name the sum of the outer graph. */
  function branching(): OnnxGraph {
    const g = new GraphBuilder('branching');
    g.input('x', FLOAT, [1]);
    g.input('flag', ELEMENT.bool, []);
    g.node('Add', ['x', g.floats('one', Float32Array.of(1), [1])], { outputs: ['sum'] });
    const branch = (name: string, factor: number): OnnxGraph => {
      const inner = new GraphBuilder(name);
      const by = inner.floats(`${name} factor`, Float32Array.of(factor), [1]);
      inner.node('Mul', ['sum', by], { outputs: [`${name} product`] });
      inner.output(`${name} product`, FLOAT, [1]);
      return inner.build([]);
    };
    g.node('If', ['flag'], {
      outputs: ['y'],
      typed: {
        then_branch: { type: 'graph', value: branch('then', 2) },
        else_branch: { type: 'graph', value: branch('else', 1) },
      },
    });
    g.node('Neg', ['y'], { outputs: ['unwanted'] });
    g.output('y', FLOAT, [1]);
    return g.build([]);
  }
  const info = (tensor: string, name = tensor) => ({ tensor, name, elementType: FLOAT });

  test('follows what only inner graphs name', async () => {
    const part = extractPart(new GraphIndex(branching()), {
      name: 'all',
      inputs: [info('x', 'number'), { ...info('flag'), elementType: ELEMENT.bool, shape: [] }],
      outputs: [info('y', 'result')],
    });
    expect(opsOf(part)).toEqual(['Add', 'If']);
    const number = new Tensor('float32', [4], [1]);
    const { result } = await run(part, { number, flag: new Tensor('bool', [true], []) });
    expect(result?.data).toEqual(Float32Array.of(10));
  });

  test('begins at its inputs, and takes the constants that it needs', async () => {
    const part = extractPart(new GraphIndex(branching()), {
      name: 'end',
      inputs: [info('sum'), { ...info('flag'), elementType: ELEMENT.bool, shape: [] }],
      outputs: [info('y')],
    });
    expect(opsOf(part)).toEqual(['If']);
    expect(part.initializers).toEqual([]);
    const sum = new Tensor('float32', [4], [1]);
    const { y } = await run(part, { sum, flag: new Tensor('bool', [true], []) });
    expect(y?.data).toEqual(Float32Array.of(8));
  });
});

test('withoutConstantNodes moves constants to where the others are', () => {
  const g = new GraphBuilder('constants');
  const value = { name: '', elementType: FLOAT, dims: [1], data: new Uint8Array(4) };
  g.node('Constant', [], { outputs: ['c'], typed: { value: { type: 'tensor', value } } });
  g.node('Constant', [], { outputs: ['f'], attributes: { value_float: 0.5 } });
  const graph = withoutConstantNodes(g.build([]));
  expect(graph.initializers).toEqual([{ ...value, name: 'c' }]);
  expect(graph.nodes.map(({ outputs }) => outputs)).toEqual([['f']]);
});
