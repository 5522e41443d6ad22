import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, SpeechModel } from '../../../src/engines/engine.js';
import { kokoroEngine } from '../../../src/engines/kokoro/engine.js';
import {
  type KokoroResult,
  type KokoroStep,
  loadReplica,
} from '../../../src/engines/kokoro/replica.js';
import { buildKokoroGraph } from '../../../src/models/kokoro/build.js';
import type { PieceMarks } from '../../../src/protocol/requests.js';
import type { Phonemizer } from '../../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../../src/speech/phonemizer-thread.js';
import { copyOfKokoro } from '../../support/kokoro.js';
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

let dir: string;
let phonemizer: Phonemizer;
let model: SpeechModel<KokoroStep, KokoroResult>;
let replica: Replica<KokoroStep, KokoroResult>;
beforeAll(async () => {
  dir = await copyOfKokoro();
  await buildKokoroGraph({ modelDir: dir });
  phonemizer = await createPhonemizer();
  model = await kokoroEngine.open(cardOf('kokoro'), dir, { phonemizer });
  replica = await loadReplica(loadOf(dir));
});
afterAll(async () => {
  await replica.close();
  await phonemizer.close();
  await rm(dir, { recursive: true });
});

describe('Kokoro with the real weights', () => {
  it('speaks at a natural pace and level, and faster when asked', async () => {
    const request = { text: 'The quick brown fox jumps over the lazy dog.', voice: 'af_heart' };
    const spoken = await speak(model, replica, request);
    expect(spoken.events).toEqual(['start', 'audio', 'usage', 'done']);
    expect(spoken.sampleRateHz).toBe(24_000);
    // Nine words: people say two to four a second.
    expect(spoken.seconds).toBeGreaterThan(2);
    expect(spoken.seconds).toBeLessThan(4.5);
    expect(rmsOf(spoken.samples)).toBeGreaterThan(0.02);
    expect(peakOf(spoken.samples)).toBeLessThanOrEqual(1);
    const fast = await speak(model, replica, { ...request, speed: 2 });
    expect(fast.seconds / spoken.seconds).toBeGreaterThan(0.4);
    expect(fast.seconds / spoken.seconds).toBeLessThan(0.65);
  });

  it('repeats itself to the sample, so that a cut sentence can go on', async () => {
    const request = { text: 'The first one. The second one.', voice: 'af_heart' };
    const whole = await speak(model, replica, request);
    const [first] = (await speak(model, replica, { ...request, text: 'The first one.' })).steps;
    const { samples } = await speak(model, replica, { ...request, text: 'The first one.' });
    expect(whole.steps[0]).toEqual(first);
    expect(whole.samples.subarray(0, samples.length)).toEqual(samples);
    const resume = { piece: 1, skipSamples: 1_000 };
    const rest = await speak(model, replica, { ...request, resume });
    expect(rest.samples).toEqual(whole.samples.subarray(samples.length + 1_000));
  });

  it('goes on in the middle of a first sentence that is spoken in parts', async () => {
    const text =
      'Long before the sun came up that day, the fishermen of the village had rowed out to sea.';
    const request = { text, voice: 'am_adam' };
    const whole = await speak(model, replica, request);
    expect(whole.steps).toHaveLength(2);
    const [, second] = await marksOf(request);
    const resume = { piece: 1, skipSamples: 0 };
    const rest = await speak(model, replica, { ...request, resume });
    expect(rest.samples).toEqual(whole.samples.subarray(-rest.samples.length));
    expect(rest.samples).toHaveLength(second?.toSample ?? 0);
  });
});

/** The marks of a request's pieces. */
async function marksOf(request: Parameters<typeof requestOf>[0]): Promise<PieceMarks[]> {
  const { signal } = new AbortController();
  const step = async (one: KokoroStep) => (await replica.run(one, NEVER_CANCELED)).result;
  const marks: PieceMarks[] = [];
  for await (const event of model.synthesize(requestOf(request), { signal, step })) {
    if (event.type === 'mark' && event.marks) marks.push(event.marks);
  }
  return marks;
}

describe("Kokoro's word times", () => {
  const TEXT = 'Without a doubt, this was the strangest voyage.';

  it('name each word in order, close to one another', async () => {
    const [piece, ...others] = await marksOf({ text: TEXT, voice: 'af_heart' });
    expect(others).toEqual([]);
    const words = piece?.words ?? [];
    expect(words.map(({ start, end }) => TEXT.slice(start, end))).toEqual(
      TEXT.replaceAll(/[,.]/g, '').split(' '),
    );
    let before = 0;
    for (const { fromSample, toSample } of words) {
      expect(fromSample).toBeGreaterThanOrEqual(before);
      expect(toSample).toBeGreaterThan(fromSample);
      before = toSample;
    }
    const seconds = (samples = Number.NaN) => samples / 24_000;
    expect(seconds(words[0]?.fromSample)).toBeLessThan(0.1);
    expect(seconds((piece?.toSample ?? 0) - before)).toBeLessThan(0.25);
  });

  it('leave the pause at a comma to no word', async () => {
    const [piece] = await marksOf({ text: TEXT, voice: 'af_heart' });
    const { samples } = await speak(model, replica, { text: TEXT, voice: 'af_heart' });
    const [doubt, next] = [piece?.words[2]?.toSample ?? 0, piece?.words[3]?.fromSample ?? 0];
    // 50 ms at least, and nobody speaks in it.
    expect(next - doubt).toBeGreaterThan(1_200);
    expect(rmsOf(samples.subarray(doubt, next))).toBeLessThan(0.01);
    expect(rmsOf(samples.subarray(0, doubt))).toBeGreaterThan(0.02);
  });

  it('are not known without the built graph, which speaks the same', async () => {
    const published = await loadReplica(loadOf(modelDir('kokoro-82m')));
    const plain = await speak(model, published, { text: 'Hello there.', voice: 'af_heart' });
    await published.close();
    const timed = await speak(model, replica, { text: 'Hello there.', voice: 'af_heart' });
    expect(plain.samples).toEqual(timed.samples);
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
