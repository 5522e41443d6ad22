import { describe, expect, it } from 'vitest';

import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { encodeModel } from '../../../src/models/onnx/encode.js';
import { phasedConvolutions } from '../../../src/models/onnx/phases.js';
import { ELEMENT, type OnnxGraph } from '../../../src/models/onnx/types.js';
import { floatsOf, floatTensor, openGraph } from '../../../src/models/piper/cut-run.js';
import { largestDifference } from '../../../src/models/piper/compare.js';
import { probeNoise } from '../../../src/models/piper/probe.js';

const CHANNELS = 3;
const SAMPLES = 80;

interface Shape {
  readonly outputs: number;
  readonly taps: number;
  readonly stride: number;
  readonly hasBias: boolean;
}

function convolution({ outputs, taps, stride, hasBias }: Shape): OnnxGraph {
  const g = new GraphBuilder('convolution');
  g.input('x', ELEMENT.float32, [1, CHANNELS, 'samples']);
  const dims = [outputs, CHANNELS, taps];
  const weight = g.floats('weight', probeNoise(outputs * CHANNELS * taps, 1), dims);
  const bias = hasBias ? [g.floats('bias', probeNoise(outputs, 2), [outputs])] : [];
  const margin = (taps - 1) / 2;
  const attributes = { kernel_shape: [taps], pads: [margin, margin], strides: [stride] };
  g.node('Conv', ['x', weight, ...bias], { attributes, outputs: ['y'] });
  g.output('y', ELEMENT.float32, [1, outputs, 'made']);
  return g.build([]);
}

async function run(graph: OnnxGraph): Promise<Float32Array> {
  const opsets = { '': 15 };
  const session = await openGraph(
    encodeModel({ irVersion: 8, producer: 'tests', opsets, metadata: {}, graph }),
  );
  const x = floatTensor(probeNoise(CHANNELS * SAMPLES, 3), [1, CHANNELS, SAMPLES]);
  const made = floatsOf(await session.run({ x }), 'y');
  await session.release();
  return made;
}

describe('a convolution to one channel', () => {
  it.each([1, 3, 7, 11])('makes the same in phases with %i taps', async (taps) => {
    const plain = convolution({ outputs: 1, taps, stride: 1, hasBias: false });
    const phased = phasedConvolutions(plain);
    expect(phased.nodes.map(({ opType }) => opType)).toEqual(['Conv', 'Transpose', 'Reshape']);
    expect(phased.initializers.map(({ name }) => name)).not.toContain('weight');
    const [expected, made] = [await run(plain), await run(phased)];
    expect(expected).toHaveLength(SAMPLES);
    expect(largestDifference(made, expected)).toBeLessThan(1e-5);
  });

  it.each([
    ['more channels', { outputs: 2, taps: 7, stride: 1, hasBias: false }],
    ['a stride', { outputs: 1, taps: 7, stride: 2, hasBias: false }],
    ['a bias', { outputs: 1, taps: 7, stride: 1, hasBias: true }],
  ])('is left alone with %s', (_, shape) => {
    const plain = convolution(shape);
    expect(phasedConvolutions(plain)).toBe(plain);
  });
});
