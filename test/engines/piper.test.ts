import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, SpeechModel } from '../../src/engines/engine.js';
import { piperEngine } from '../../src/engines/piper/engine.js';
import { makeAudible } from '../../src/engines/piper/loudness.js';
import { loadReplica, type PiperStep } from '../../src/engines/piper/replica.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import { modelDir } from '../support/models.js';
import {
  NEVER_CANCELED,
  cardOf,
  loadOf,
  peakOf,
  requestOf,
  rmsOf,
  speak,
  withModelDir,
} from '../support/speak.js';

const DIR = modelDir('piper-en-us-joe');
/** 400 phonemes, each with a pad, and begin and end. */
const MAX_IDS = 803;

let phonemizer: Phonemizer;
let model: SpeechModel<PiperStep, Float32Array>;
let replica: Replica<PiperStep, Float32Array>;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
  const opened = await piperEngine.open(cardOf('joe'), DIR, { phonemizer });
  model = opened;
  replica = await loadReplica(loadOf(DIR));
});
afterAll(async () => {
  await replica.close();
  await phonemizer.close();
});

describe('Piper with the real voice', () => {
  it('speaks each sentence as one piece of audio at a natural pace and level', async () => {
    const text = 'The quick brown fox jumps over the lazy dog. It was a sunny day.';
    const spoken = await speak(model, replica, { text });
    expect(spoken.events).toEqual(['start', 'audio', 'audio', 'usage', 'done']);
    expect(spoken.sampleRateHz).toBe(22_050);
    // 13 words: people say two to four a second.
    expect(spoken.seconds).toBeGreaterThan(3);
    expect(spoken.seconds).toBeLessThan(7);
    expect(rmsOf(spoken.samples)).toBeGreaterThan(0.04);
    expect(peakOf(spoken.samples)).toBeGreaterThan(0.5);
    expect(peakOf(spoken.samples)).toBeLessThanOrEqual(1);
  });

  it('takes half as long at speed 2', async () => {
    const text = 'The quick brown fox jumps over the lazy dog.';
    // The durations are drawn at random, and whole frames: only many of them show the pace.
    const secondsOf = async (speed: number): Promise<number> => {
      let seconds = 0;
      for (let time = 0; time < 8; time += 1) {
        seconds += (await speak(model, replica, { text, speed })).seconds;
      }
      return seconds;
    };
    const ratio = (await secondsOf(2)) / (await secondsOf(1));
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(0.65);
  });

  it('stops asking for steps when the request is aborted', async () => {
    const abort = new AbortController();
    let asked = 0;
    const step = async (one: PiperStep): Promise<Float32Array> => {
      asked += 1;
      if (abort.signal.aborted) throw new ChorusError('canceled', 'Gone.');
      return (await replica.run(one, NEVER_CANCELED)).result;
    };
    const text = 'One. Two. Three. Four. Five. Six. Seven. Eight.';
    const events = model.synthesize(requestOf({ text }), { signal: abort.signal, step });
    await events.next();
    await events.next();
    abort.abort();
    const drain = async (): Promise<void> => {
      for await (const event of events) expect(event.type).toMatch(/^(?:mark|audio)$/);
    };
    await expect(drain()).rejects.toMatchObject({ code: 'canceled' });
    expect(asked).toBeLessThanOrEqual(4);
  });

  it.each([
    ['punctuation', '?!... — ;;;'],
    ['spaces', ' \n\t '],
    ['control characters', '\u0001\u0002\u001b\u007f'],
  ])('refuses %s before any event', async (_name, text) => {
    await expect(speak(model, replica, { text })).rejects.toMatchObject({
      code: 'unspeakable_text',
      details: { param: 'input' },
    });
  });

  it.each([
    ['one letter 4,096 times', 'a'.repeat(4096)],
    ['a digit 4,096 times', '9'.repeat(4096)],
    ['a full stop after every letter', 'a.'.repeat(2048)],
    ['a text without spaces', 'honorificabilitudinitatibus'.repeat(150)],
    ['lone surrogates', 'a\uD800b \uDC00 c'],
    ['right-to-left script', 'שלום עולם. مرحبا بالعالم.'],
    ['emoji', '😀👩‍👩‍👧‍👦 🇫🇷'.repeat(200)],
  ])('bounds every step of %s', async (_name, text) => {
    const lengths: number[] = [];
    const step = async ({ phonemeIds }: PiperStep): Promise<Float32Array> => {
      lengths.push(phonemeIds.length);
      return new Float32Array(1);
    };
    const { signal } = new AbortController();
    const events = model.synthesize(requestOf({ text }), { signal, step });
    const types: string[] = [];
    for await (const event of events) types.push(event.type);
    expect(types.at(-1)).toBe('done');
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_IDS);
  });

  it('speaks the longest step that there is', async () => {
    const phonemeIds = Array.from({ length: MAX_IDS }, (_, index) => (index % 2 ? 0 : 14));
    const { result } = await replica.run({ phonemeIds, lengthScale: 0.25 }, NEVER_CANCELED);
    expect(result.length).toBeGreaterThan(0);
  });
});

describe('a Piper folder that is wrong', () => {
  it('is refused if the graph is another model', async () => {
    const files = {
      'model.onnx': join(modelDir('silero-vad'), 'silero_vad_v6.onnx'),
      'model.onnx.json': join(DIR, 'model.onnx.json'),
    };
    await withModelDir(files, async (dir) => {
      await expect(loadReplica(loadOf(dir))).rejects.toMatchObject({
        code: 'model_failed',
        message: expect.stringMatching(/input_lengths is missing/),
      });
    });
  });

  it('is refused if the settings are missing or broken', async () => {
    const open = (dir: string) => piperEngine.open(cardOf('joe'), dir, { phonemizer });
    await withModelDir({ 'model.onnx': join(DIR, 'model.yaml') }, async (dir) => {
      await expect(open(dir)).rejects.toMatchObject({ code: 'model_failed' });
    });
    await withModelDir({ 'model.onnx.json': join(DIR, 'model.yaml') }, async (dir) => {
      await expect(open(dir)).rejects.toMatchObject({ code: 'model_failed' });
    });
  });
});

it('makes quiet samples louder in proportion and bends loud ones without clipping', () => {
  const loud = makeAudible(Float32Array.of(0, 0.2, -0.4, 0.7, -1, 5));
  expect([...loud.slice(0, 3)].map((sample) => Math.round(sample * 1e6) / 1e6)).toEqual([
    0, 0.3, -0.6,
  ]);
  expect(loud[3]).toBeGreaterThan(0.9);
  expect(loud[3]).toBeLessThan(loud[5] ?? 0);
  expect(peakOf(loud)).toBeLessThanOrEqual(1);
});
