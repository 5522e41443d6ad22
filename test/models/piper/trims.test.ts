import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ELEMENT, type OnnxGraph, type OnnxNode } from '../../../src/models/onnx/types.js';
import { trimmableDecoder } from '../../../src/models/piper/trim-graph.js';
import { trimWindow, WHOLE_CONTEXT_FRAMES } from '../../../src/models/piper/trims.js';

describe('the trims of a window', () => {
  const trims = [
    { samplesPerFrame: 8, contextFrames: 2 },
    { samplesPerFrame: 64, contextFrames: 1 },
  ];

  it('keep the window and its context, in samples of their places', () => {
    expect(trimWindow({ from: 10, to: 30 }, 40, trims)).toEqual({
      inputs: [
        { name: 'trim_0_from', value: 64 },
        { name: 'trim_0_to', value: 256 },
        { name: 'trim_1_from', value: 64 },
        { name: 'trim_1_to', value: 22 * 64 + 64 },
      ],
      seen: { from: 9, to: 31 },
    });
  });

  it('keep everything without a context of their own', () => {
    const whole = trims.map((trim) => ({ ...trim, contextFrames: WHOLE_CONTEXT_FRAMES }));
    expect(trimWindow({ from: 10, to: 30 }, 40, whole).seen).toEqual({ from: 0, to: 40 });
  });

  it('never drop a frame of the window, whatever the contexts', () => {
    const context = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.array(context), (a, b, contexts) => {
        const window = { from: Math.min(a, b), to: Math.max(a, b) + 1 };
        const some = contexts.map((contextFrames) => ({ samplesPerFrame: 1, contextFrames }));
        const { inputs, seen } = trimWindow(window, 110, some);
        expect(seen.from).toBeLessThanOrEqual(window.from);
        expect(seen.to).toBeGreaterThanOrEqual(window.to);
        const lengths = some.map((_, i) => inputs[2 * i + 1]!.value - inputs[2 * i]!.value);
        expect(lengths).toEqual(lengths.toSorted((one, other) => other - one));
        if (some.length > 0) expect(lengths.at(-1)).toBe(seen.to - seen.from);
      }),
    );
  });
});

/** A decoder of two upsamplings, by 4 and by 2. */
function decoder(...more: readonly OnnxNode[]): OnnxGraph {
  const up = (input: string, output: string, stride: number): OnnxNode => ({
    ...node('ConvTranspose', [input, 'weight'], output),
    attributes: { strides: { type: 'ints', value: [stride] } },
  });
  const info = (name: string) => ({ name, elementType: ELEMENT.float32 });
  return {
    name: 'decoder',
    nodes: [up('latent', 'one', 4), up('one', 'two', 2), ...more],
    initializers: [],
    inputs: [info('latent')],
    outputs: [info('audio')],
  };
}

function node(opType: string, inputs: readonly string[], output: string): OnnxNode {
  return { opType, domain: '', name: output, inputs, outputs: [output], attributes: {} };
}

describe('a decoder that trims', () => {
  const ends = { latent: 'latent', audio: 'audio' };

  it('does so before each upsampling but the first', () => {
    const { graph, samplesPerFrame, hopSamples } = trimmableDecoder(
      decoder(node('Tanh', ['two'], 'audio')),
      ends,
    );
    expect({ samplesPerFrame, hopSamples }).toEqual({ samplesPerFrame: [4], hopSamples: 8 });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['latent', 'trim_0_from', 'trim_0_to']);
    expect(graph.nodes.map(({ opType, inputs: [data] }) => [opType, data])).toEqual([
      ['ConvTranspose', 'latent'],
      ['Slice', 'one'],
      ['ConvTranspose', 'one trimmed'],
      ['Tanh', 'two'],
    ]);
  });

  it.each([
    [
      'goes round an upsampling',
      [node('Resize', ['latent'], 'low'), node('Add', ['two', 'low'], 'audio')],
    ],
    [
      'takes its input twice',
      [node('Resize', ['one'], 'low'), node('Add', ['two', 'low'], 'audio')],
    ],
  ])('leaves one alone that %s', (_, nodes) => {
    const graph = decoder(...nodes);
    expect(trimmableDecoder(graph, ends)).toEqual({ graph, samplesPerFrame: [] });
  });
});
