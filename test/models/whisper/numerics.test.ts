import { rm } from 'node:fs/promises';

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LogMel } from '../../../src/audio/mel.js';
import {
  readWhisperGraph,
  whisperPair,
  type WhisperGraph,
} from '../../../src/models/whisper/build.js';
import { PRECISIONS, type Precision } from '../../../src/protocol/precision.js';
import {
  buildInTemporary,
  readGolden,
  readSpeech,
  type WhisperGolden,
  type WhisperId,
} from '../../support/whisper.js';

type Values = Record<string, Tensor>;

/**
 * Largest differences from CTranslate2 in float32: sums in another order; hidden states reach 30, and
 * 8-bit products move them.
 */
const HIDDEN_TOLERANCE: Readonly<Record<Precision, number>> = { fp32: 1e-4, fp16: 0.01, int8: 1 };
/** Logits reach 20 (tiny.en) and 40 (base); 8-bit products move all of them by up to a unit. */
const LOGIT_TOLERANCE: Readonly<Record<Precision, number>> = { fp32: 5e-4, fp16: 0.03, int8: 1.5 };

const MODELS: readonly WhisperId[] = ['whisper-tiny.en', 'whisper-base'];
const CASES = MODELS.flatMap((id) => PRECISIONS.map((precision) => ({ id, precision })));

let golden: WhisperGolden;
let features: Tensor;

beforeAll(async () => {
  golden = await readGolden();
  const pcm = await readSpeech();
  const frames = Math.floor(pcm.length / 160);
  const mel = new LogMel(80).compute({ pcm, lead: 0, frames, totalFrames: 3000 });
  features = new Tensor('float32', mel, [1, 80, 3000]);
});

describe.each(CASES)('the graph of $id in $precision', ({ id, precision }) => {
  let folder: string;
  let graph: WhisperGraph;
  let encoded: Values;

  beforeAll(async () => {
    folder = await buildInTemporary(id, precision);
    graph = await readWhisperGraph(folder);
    const encoder = await openGraph('encoder');
    encoded = await encoder.run({ features });
    await encoder.release();
  });
  afterAll(() => rm(folder, { recursive: true }));

  function openGraph(name: 'encoder' | 'decoder'): Promise<InferenceSession> {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    return InferenceSession.create(whisperPair(folder, precision)[name], options);
  }

  it('gives the hidden state of the reference', () => {
    const { hidden, hiddenEvery } = golden[id];
    const found = encoded['last_hidden_state']?.data as Float32Array;
    const { width } = graph.dims;
    const sampled: number[] = [];
    for (let at = 0; at < 1500; at += hiddenEvery[0]) {
      for (let i = 0; i < width; i += hiddenEvery[1]) sampled.push(found[at * width + i] ?? 0);
    }
    expect(sampled).toHaveLength(hidden.length);
    expect(largestDifference(sampled, hidden)).toBeLessThan(HIDDEN_TOLERANCE[precision]);
  });

  it('gives the first logits of the reference, fed at once or token by token', async () => {
    const { prompt, topIds, topLogits, logits, logitsEvery } = golden[id];
    const decoder = await openGraph('decoder');
    const atOnce = (await decoder.run(feedsOf(prompt, emptyCaches())))['logits'] as Tensor;
    let past = emptyCaches();
    let last = new Float32Array();
    for (const token of prompt) {
      const out = await decoder.run(feedsOf([token], past));
      past = Object.fromEntries(
        Object.entries(out)
          .filter(([name]) => name.startsWith('present'))
          .map(([name, value]) => [name.replace('present', 'past'), value]),
      );
      last = out['logits']?.data as Float32Array<ArrayBuffer>;
    }
    await decoder.release();
    const found = atOnce.data as Float32Array;
    expect(atOnce.dims).toEqual([1, graph.dims.vocabulary]);
    const tolerance = LOGIT_TOLERANCE[precision];
    expect(
      largestDifference(
        topIds.map((i) => found[i] ?? 0),
        topLogits,
      ),
    ).toBeLessThan(tolerance);
    const spread = logits.map((_, i) => found[i * logitsEvery] ?? 0);
    expect(largestDifference(spread, logits)).toBeLessThan(tolerance);
    expect(largestDifference([...last], [...found])).toBeLessThan(tolerance);
    const order = [...found.keys()].toSorted((a, b) => (found[b] ?? 0) - (found[a] ?? 0));
    const ranked = precision === 'int8' ? 3 : 10;
    expect(order.slice(0, ranked)).toEqual(topIds.slice(0, ranked));
  });

  function emptyCaches(): Values {
    const { heads, width, decoderLayers } = graph.dims;
    const names = Array.from({ length: decoderLayers }, (_, i) => [
      `key_${i}`,
      `value_${i}`,
    ]).flat();
    const shape = [1, heads, 0, width / heads];
    const empty = () =>
      precision === 'fp16'
        ? new Tensor('float16', new Uint16Array(0), shape)
        : new Tensor('float32', new Float32Array(0), shape);
    return Object.fromEntries(names.map((name) => [`past_${name}`, empty()]));
  }

  function feedsOf(tokens: readonly number[], past: Values): Values {
    const { last_hidden_state: _, ...cross } = encoded;
    const ids = new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
    return { input_ids: ids, ...cross, ...past };
  }
});

function largestDifference(found: readonly number[], expected: readonly number[]): number {
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))));
}
