import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, SpeechModel } from '../../../src/engines/engine.js';
import { kokoroEngine } from '../../../src/engines/kokoro/engine.js';
import {
  type KokoroResult,
  type KokoroStep,
  loadReplica,
} from '../../../src/engines/kokoro/replica.js';
import type { PieceMarks, SynthesisRequest } from '../../../src/protocol/requests.js';
import type { Phonemizer } from '../../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../../src/speech/phonemizer-thread.js';
import { modelDir } from '../../support/models.js';
import {
  cardOf,
  loadOf,
  NEVER_CANCELED,
  peakOf,
  requestOf,
  rmsOf,
  speak,
  withModelDir,
} from '../../support/speak.js';

const DIR = modelDir('kokoro-82m');

let phonemizer: Phonemizer;
let model: SpeechModel<KokoroStep, KokoroResult>;
let replica: Replica<KokoroStep, KokoroResult>;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
  model = await kokoroEngine.open(cardOf('kokoro'), DIR, { phonemizer });
  replica = await loadReplica(loadOf(DIR));
});
afterAll(async () => {
  await replica.close();
  await phonemizer.close();
});

interface Heard {
  readonly pieces: readonly PieceMarks[];
  readonly samples: Float32Array;
}

async function hear(request: Partial<SynthesisRequest>): Promise<Heard> {
  const { signal } = new AbortController();
  const step = async (one: KokoroStep) => (await replica.run(one, NEVER_CANCELED)).result;
  const pieces: PieceMarks[] = [];
  const chunks: Uint8Array[] = [];
  for await (const event of model.synthesize(requestOf(request), { signal, step })) {
    if (event.type === 'mark' && event.marks) pieces.push(event.marks);
    if (event.type === 'audio') chunks.push(event.pcm);
  }
  return { pieces, samples: new Float32Array(Uint8Array.from(Buffer.concat(chunks)).buffer) };
}

const RATE_HZ = 24_000;

describe('Kokoro with the real weights', () => {
  const TEXT = 'Without any doubt at all, this was, for me, the strangest voyage.';
  const request = { text: TEXT, voice: 'af_heart' };
  let whole: Heard;
  beforeAll(async () => {
    whole = await hear(request);
  });

  it('speaks at a natural pace and level', () => {
    // Twelve words: people say two to four a second.
    expect(whole.samples.length / RATE_HZ).toBeGreaterThan(3);
    expect(whole.samples.length / RATE_HZ).toBeLessThan(7);
    expect(rmsOf(whole.samples)).toBeGreaterThan(0.02);
    expect(peakOf(whole.samples)).toBeLessThanOrEqual(1);
  });

  it('bends the peaks of a loud voice before they clip', async () => {
    const loud = await hear({ text: 'Ciao.', voice: 'if_sara' });
    expect(peakOf(loud.samples)).toBeGreaterThan(0.8);
    expect(peakOf(loud.samples)).toBeLessThan(1);
  });

  it('speaks a long first sentence in two parts, and goes on at the sample after one', async () => {
    expect(whole.pieces).toHaveLength(2);
    const resume = { piece: 1, skipSamples: 1_000 };
    const rest = await hear({ ...request, resume });
    const second = whole.samples.subarray(whole.pieces[0]?.toSample);
    expect(second).toHaveLength(whole.pieces[1]?.toSample ?? 0);
    expect(rest.samples).toEqual(second.subarray(1_000));
  });

  it('names each word in order, close to one another', () => {
    const words = whole.pieces.flatMap((piece) => piece.words);
    expect(words.map(({ start, end }) => TEXT.slice(start, end))).toEqual(
      TEXT.replaceAll(/[,.]/g, '').split(' '),
    );
    for (const { words, toSample: length } of whole.pieces) {
      let before = 0;
      for (const { fromSample, toSample } of words) {
        expect(fromSample).toBeGreaterThanOrEqual(before);
        expect(toSample).toBeGreaterThan(fromSample);
        before = toSample;
      }
      expect((words[0]?.fromSample ?? Number.NaN) / RATE_HZ).toBeLessThan(0.1);
      // A clause has a pause of 0.2 s after it.
      expect((length - before) / RATE_HZ).toBeLessThan(0.45);
    }
  });

  it('gives the pause at a comma to no word', () => {
    const [first, second] = whole.pieces;
    const part = whole.samples.subarray(first?.toSample);
    const [was, next] = [second?.words[1]?.toSample ?? 0, second?.words[2]?.fromSample ?? 0];
    expect((next - was) / RATE_HZ).toBeGreaterThan(0.05);
    expect(rmsOf(part.subarray(was, next))).toBeLessThan(0.01);
    expect(rmsOf(part.subarray(0, was))).toBeGreaterThan(0.02);
  });

  it('speaks the same without the built graph, and tells no times', async () => {
    const [step] = (await speak(model, replica, { text: 'Hello.', voice: 'am_adam' })).steps;
    if (step === undefined) throw new Error('There was no step.');
    const timed = await replica.run(step, NEVER_CANCELED);
    const plain = await withModelDir({ 'model.onnx': join(DIR, 'model.onnx') }, async (dir) => {
      const published = await loadReplica(loadOf(dir));
      const output = await published.run(step, NEVER_CANCELED);
      await published.close();
      return output;
    });
    expect(plain.result.samples).toEqual(timed.result.samples);
    expect(plain.result.durations).toBeUndefined();
    expect(timed.result.durations).toHaveLength(step.tokens.length + 2);
  });

  it('speaks faster when asked', async () => {
    const text = 'The lazy dog sleeps.';
    const slow = await hear({ text, voice: 'af_heart' });
    const fast = await hear({ text, voice: 'af_heart', speed: 2 });
    expect(fast.samples.length / slow.samples.length).toBeGreaterThan(0.4);
    expect(fast.samples.length / slow.samples.length).toBeLessThan(0.7);
  });
});

it('refuses a graph that is another model', async () => {
  const files = { 'model.onnx': join(modelDir('silero-vad'), 'silero_vad_v6.onnx') };
  await withModelDir(files, async (dir) => {
    await expect(loadReplica(loadOf(dir))).rejects.toMatchObject({
      code: 'model_failed',
      message: expect.stringMatching(/style is missing/),
    });
  });
});
