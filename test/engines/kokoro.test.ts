import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, SpeechModel } from '../../src/engines/engine.js';
import { kokoroEngine } from '../../src/engines/kokoro/engine.js';
import { type KokoroStep, loadReplica } from '../../src/engines/kokoro/replica.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import { modelDir } from '../support/models.js';
import { cardOf, loadOf, peakOf, requestOf, rmsOf, speak, withModelDir } from '../support/speak.js';

const DIR = modelDir('kokoro-82m');

let phonemizer: Phonemizer;
let model: SpeechModel<KokoroStep, Float32Array>;
let replica: Replica<KokoroStep, Float32Array>;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
  const opened = await kokoroEngine.open(cardOf('kokoro'), DIR, { phonemizer });
  model = opened;
  replica = await loadReplica(loadOf(DIR));
});
afterAll(async () => {
  await replica.close();
  await phonemizer.close();
});

/** The steps of a request, without speaking them. */
async function stepsOf(text: string, voice: string): Promise<KokoroStep[]> {
  const steps: KokoroStep[] = [];
  const { signal } = new AbortController();
  const step = async (one: KokoroStep): Promise<Float32Array> => {
    steps.push(one);
    return new Float32Array(1);
  };
  const events = model.synthesize(requestOf({ text, voice }), { signal, step });
  for (let next = await events.next(); !next.done; next = await events.next());
  return steps;
}

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

  it('gives each voice its own style and language', async () => {
    const [american] = await stepsOf('car', 'af_heart');
    const [british] = await stepsOf('car', 'bf_emma');
    expect(american?.tokens).not.toEqual(british?.tokens);
    expect(american?.style).toHaveLength(256);
    expect(american?.style).not.toEqual(british?.style);
  });

  it.each(['ef_dora', 'ff_siwis', 'hf_alpha', 'if_sara', 'pf_dora'])(
    'reads the language of %s',
    async (voice) => {
      const [english] = await stepsOf('chocolate animal', 'af_heart');
      const [own] = await stepsOf('chocolate animal', voice);
      expect(own?.tokens.length).toBeGreaterThan(5);
      if (voice !== 'hf_alpha') expect(own?.tokens).not.toEqual(english?.tokens);
    },
  );

  it.each(['zf_xiaobei', 'jf_alpha'])('says which voice works instead of %s', async (voice) => {
    await expect(stepsOf('Hello', voice)).rejects.toMatchObject({
      code: 'unsupported_language',
      message: expect.stringContaining('af_heart'),
    });
  });

  it('refuses a voice without a file, and a text without words', async () => {
    await expect(stepsOf('Hello', 'af_nobody')).rejects.toMatchObject({ code: 'voice_not_found' });
    await expect(stepsOf('... !', 'af_heart')).rejects.toMatchObject({ code: 'unspeakable_text' });
  });

  it.each([
    ['one letter 4,096 times', 'a'.repeat(4096)],
    ['a digit 4,096 times', '9'.repeat(4096)],
    ['a mark after every letter', 'a,b.'.repeat(1024)],
    ['lone surrogates', 'a\uD800b \uDC00 c'],
    ['right-to-left script', 'שלום עולם. مرحبا بالعالم.'],
  ])('bounds every step of %s', async (_name, text) => {
    const steps = await stepsOf(text, 'am_adam');
    expect(steps.length).toBeGreaterThan(0);
    for (const { tokens } of steps) expect(tokens.length).toBeLessThanOrEqual(400);
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
