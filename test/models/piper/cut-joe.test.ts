import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { decodeModel } from '../../../src/models/onnx/decode.js';
import { encodeModel } from '../../../src/models/onnx/encode.js';
import { renameGraph, withoutConstantNodes } from '../../../src/models/onnx/extract.js';
import { GraphIndex } from '../../../src/models/onnx/graph-index.js';
import { ELEMENT, type OnnxModel } from '../../../src/models/onnx/types.js';
import { readCut, type WindowedCut } from '../../../src/models/piper/cut-file.js';
import {
  CutSessions,
  durationNoise,
  floatsOf,
  floatTensor,
  openGraph,
  sliceFrames,
  textInputs,
  windowOf,
  type Values,
} from '../../../src/models/piper/cut-run.js';
import { CannotCut, findCut, type CutPoints } from '../../../src/models/piper/find-cut.js';
import { largestDifference } from '../../../src/models/piper/compare.js';
import { framesOf } from '../../../src/models/piper/probe-front.js';
import { probeNoise } from '../../../src/models/piper/probe.js';
import { modelDir } from '../../support/models.js';

/** Streamed audio may differ from a whole run by three steps of 16 bits. */
const TOLERANCE = 1e-4;
const DIR = modelDir('piper-en-us-joe');
const SCALES = [0.667, 1, 0.8];
/** "Nobody expects much of it." in the ids of the voice, another text than the build's. */
const IDS = [
  ...[1, 0, 26, 0, 120, 0, 27, 0, 100, 0, 15, 0, 120, 0, 51, 0, 17, 0, 74, 0, 3, 0, 74, 0, 23, 0],
  ...[31, 0, 28, 0, 120, 0, 61, 0, 23, 0, 32, 0, 31, 0, 3, 0, 25, 0, 120, 0, 102, 0, 32, 0, 96, 0],
  ...[3, 0, 102, 0, 34, 0, 3, 0, 74, 0, 32, 0, 10, 0, 2],
];

let cut: WindowedCut;
let sessions: CutSessions;
let model: OnnxModel;
let original: InferenceSession;
/** The text in one piece. */
let whole: Spoken;

beforeAll(async () => {
  const found = await readCut(DIR);
  if (found?.streaming !== 'windows') throw new Error('The pull has not cut the voice.');
  cut = found;
  const rates = cut.decoderTrims.map(({ samplesPerFrame }) => samplesPerFrame);
  sessions = await CutSessions.open(DIR, rates);
  model = decodeModel(await readFile(join(DIR, 'model.onnx')));
  original = await openWhole();
  whole = await speak();
});
afterAll(async () => {
  await sessions?.close();
  await original?.release();
});

interface Spoken {
  readonly values: Values;
  readonly frames: number;
  readonly audio: Float32Array;
}

async function speak(scales: readonly number[] = SCALES): Promise<Spoken> {
  const front = await sessions.front(IDS, scales);
  const frames = framesOf(front);
  const noise = floatTensor(probeNoise(cut.channels * frames, 5), [1, cut.channels, frames]);
  const values = { ...front, noise };
  const audio = await sessions.decoder({ ...values, latent: await sessions.flow(values) });
  return { values, frames, audio };
}

/** Speaks in windows that grow, each with its own flow: what a streaming engine may do. */
async function speakWindows(
  { values, frames }: Spoken,
  contexts: Pick<WindowedCut, 'flowContextFrames' | 'decoderContextFrames' | 'decoderTrims'>,
): Promise<Float32Array> {
  const audio = new Float32Array(frames * cut.hopSamples);
  const noise = { name: 'noise', kind: 'frames' } as const;
  const widen = ({ from, to }: { from: number; to: number }, by: number) => ({
    from: Math.max(0, from - by),
    to: Math.min(frames, to + by),
  });
  let width = 32;
  for (let from = 0; from < frames; from += width, width *= 2) {
    const kept = { from, to: Math.min(frames, from + width) };
    const decoded = widen(kept, contexts.decoderContextFrames);
    const flowed = widen(decoded, contexts.flowContextFrames);
    const latent = await sessions.flow(windowOf(values, [noise, ...cut.flowInputs], flowed));
    const inner = { from: decoded.from - flowed.from, to: decoded.to - flowed.from };
    const given = windowOf(values, cut.decoderInputs, decoded);
    const window = { from: kept.from - decoded.from, to: kept.to - decoded.from };
    const samples = await sessions.decoder(
      { ...given, latent: sliceFrames(latent, inner) },
      { window, trims: contexts.decoderTrims },
    );
    audio.set(samples, kept.from * cut.hopSamples);
  }
  return audio;
}

/** The whole graph, with inputs in the place of its random nodes. */
async function openWhole(): Promise<InferenceSession> {
  const { graph } = model;
  const points = findCut(new GraphIndex(withoutConstantNodes(graph)));
  const names = new Map([
    [points.durationNoise.tensor, 'duration_noise'],
    [points.noise.tensor, 'noise'],
  ]);
  const nodes = graph.nodes.filter(({ outputs: [output = ''] }) => !names.has(output));
  const opened = [...names.keys()].map((name) => ({ name, elementType: ELEMENT.float32 }));
  const inputs = [...graph.inputs, ...opened];
  const renamed = renameGraph({ ...graph, nodes, inputs }, (name) => names.get(name) ?? name);
  return openGraph(encodeModel({ ...model, graph: renamed }));
}

async function speakWhole({ values }: Spoken, scales: readonly number[]): Promise<Float32Array> {
  const text = textInputs(IDS, { names: [], scales });
  const noise = { noise: values['noise'] as Tensor, ...durationNoise(IDS.length, 1) };
  return floatsOf(await original.run({ ...text, ...noise }), 'output');
}

describe('a cut voice', () => {
  test('has the sizes that its graph has, and contexts as narrow as they may be', () => {
    expect(cut).toMatchObject({ channels: 192, hopSamples: 256, hasSpeakers: false });
    expect(cut.flowInputs.map(({ kind }) => kind)).toEqual([
      'frames',
      'constant',
      'frames',
      'frames',
    ]);
    expect(cut.decoderInputs).toEqual([]);
    // The receptive field of its flow is 32 frames, that of its decoder a little over 10.
    expect(cut.flowContextFrames).toBeGreaterThanOrEqual(24);
    expect(cut.flowContextFrames).toBeLessThanOrEqual(32);
    expect(cut.decoderContextFrames).toBeGreaterThanOrEqual(10);
    expect(cut.decoderContextFrames).toBeLessThanOrEqual(12);
    // After its first upsampling it is hardly more than one frame, after the second a fraction of one.
    expect(cut.decoderTrims).toEqual([
      { samplesPerFrame: 8, contextFrames: 1 },
      { samplesPerFrame: 64, contextFrames: 1 },
    ]);
  });

  test.each([
    { noise: 'no', scales: [0, 1, 0] },
    { noise: 'the same', scales: SCALES },
  ])('speaks as the whole graph does with $noise noise', async ({ scales }) => {
    const spoken = await speak(scales);
    expect(spoken.audio.length).toBeGreaterThan(20_000);
    const expected = await speakWhole(spoken, scales);
    expect(largestDifference(spoken.audio, expected)).toBeLessThan(1e-5);
  });

  test('gives the same samples for the same noise', async () => {
    expect(largestDifference((await speak()).audio, whole.audio)).toBe(0);
  });

  test('says how long each phoneme is', () => {
    const durations = floatsOf(whole.values, 'durations');
    expect(durations).toHaveLength(IDS.length);
    expect(durations.every(Number.isInteger)).toBe(true);
    expect(whole.audio).toHaveLength(whole.frames * cut.hopSamples);
  });

  test('adds up from growing windows with the context that was measured', async () => {
    const { length } = whole.audio;
    expect(length).toBeGreaterThan(3 * 32 * cut.hopSamples);
    const windowed = await speakWindows(whole, cut);
    expect(largestDifference(windowed, whole.audio)).toBeLessThan(TOLERANCE);
  });

  test.each(['flowContextFrames', 'decoderContextFrames'])('needs its %s', async (which) => {
    const windowed = await speakWindows(whole, { ...cut, [which]: 0 });
    expect(largestDifference(windowed, whole.audio)).toBeGreaterThan(TOLERANCE);
  });

  test.each([0, 1])('needs the context of its trim %i', async (index) => {
    const decoderTrims = cut.decoderTrims.with(index, {
      samplesPerFrame: cut.decoderTrims[index]?.samplesPerFrame ?? 0,
      contextFrames: 0,
    });
    const windowed = await speakWindows(whole, { ...cut, decoderTrims });
    expect(largestDifference(windowed, whole.audio)).toBeGreaterThan(TOLERANCE);
  });
});

describe('finding the cut', () => {
  const pointsOf = (graph: OnnxModel['graph']): CutPoints =>
    findCut(new GraphIndex(withoutConstantNodes(graph)));

  test('does not depend on the names of inner tensors', () => {
    const { graph } = model;
    const given = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
    const names = new Map<string, string>();
    const rename = (name: string): string => {
      if (name === '' || given.has(name)) return name;
      if (!names.has(name)) names.set(name, `t${names.size}`);
      return names.get(name) ?? '';
    };
    const renamed = renameGraph(graph, rename);
    const nameless = renamed.nodes.map((node) => Object.assign({}, node, { name: '' }));
    const copy = decodeModel(encodeModel({ ...model, graph: { ...renamed, nodes: nameless } }));
    const expected = pointsOf(graph);
    expect(pointsOf(copy.graph)).toEqual({
      durations: rename(expected.durations),
      durationNoise: renamedNoise(expected.durationNoise, rename),
      noise: renamedNoise(expected.noise, rename),
      latent: rename(expected.latent),
      audio: 'output',
      flowInputs: expected.flowInputs.map(rename),
      decoderInputs: [],
    });
  });

  test.each([
    ['ConvTranspose', /no transposed convolution/],
    ['Ceil', /no node that rounds durations up/],
    ['RandomNormalLike', /other noise than two standard normal ones/],
  ])('refuses the graph without %s', (opType, reason) => {
    const { graph } = model;
    const nodes = graph.nodes.map((node) =>
      node.opType === opType ? { ...node, opType: 'Unknown' } : node,
    );
    const refuse = () => pointsOf({ ...graph, nodes });
    expect(refuse).toThrow(CannotCut);
    expect(refuse).toThrow(reason);
  });
});

function renamedNoise({ tensor, like }: CutPoints['noise'], rename: (name: string) => string) {
  return { tensor: rename(tensor), like: rename(like) };
}
