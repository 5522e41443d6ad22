import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, SpeechModel } from '../../src/engines/engine.js';
import { piperEngine } from '../../src/engines/piper/engine.js';
import { makeAudible } from '../../src/engines/piper/loudness.js';
import { loadReplica } from '../../src/engines/piper/replica.js';
import type { Begun, PiperResult, PiperStep, Section } from '../../src/engines/piper/steps.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
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
const LONG =
  'The quick brown fox, which had been waiting behind the barn since early morning, jumps over ' +
  'the lazy dog and runs away into the forest before anybody can see it. It was a sunny day.';

let phonemizer: Phonemizer;
let model: SpeechModel<PiperStep, PiperResult>;
let replica: Replica<PiperStep, PiperResult>;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
  model = await piperEngine.open(cardOf('joe'), DIR, { phonemizer });
  replica = await loadReplica(loadOf(DIR));
});
afterAll(async () => {
  await replica.close();
  await phonemizer.close();
});

describe('Piper with the real voice', () => {
  it('speaks at a natural pace and level', async () => {
    const text = 'The quick brown fox jumps over the lazy dog. It was a sunny day.';
    const spoken = await speak(model, replica, { text });
    expect(spoken.sampleRateHz).toBe(22_050);
    // 13 words: people say two to four a second.
    expect(spoken.seconds).toBeGreaterThan(3);
    expect(spoken.seconds).toBeLessThan(7);
    expect(rmsOf(spoken.samples)).toBeGreaterThan(0.04);
    expect(peakOf(spoken.samples)).toBeGreaterThan(0.5);
    expect(peakOf(spoken.samples)).toBeLessThanOrEqual(1);
  });

  it('lets half a second go after its first step, whatever comes after it', async () => {
    const firstStep: PiperStep[] = [];
    let firstAudio: number | undefined;
    const context = {
      signal: new AbortController().signal,
      step: async (step: PiperStep): Promise<PiperResult> => {
        firstStep.push(step);
        // Nothing but the beginning is ever computed.
        if (firstStep.length > 1) return new Promise<never>(() => undefined);
        return (await replica.run(step, NEVER_CANCELED)).result;
      },
    };
    for await (const event of model.synthesize(requestOf({ text: LONG }), context)) {
      if (event.type !== 'audio') continue;
      firstAudio = event.pcm.byteLength / Float32Array.BYTES_PER_ELEMENT;
      break;
    }
    expect(firstAudio).toBe(48 * 256);
  });

  it('makes the same audio in windows as in one piece', async () => {
    const { steps, samples } = await speak(model, replica, { text: LONG, seed: 7 });
    const [first] = steps;
    if (first?.kind !== 'begin') throw new Error('The first step begins.');
    const whole = await inOnePiece(first);
    const windows = samples.subarray(0, whole.length);
    expect(whole.length).toBeGreaterThan(6 * 22_050);
    expect(steps.filter(({ kind }) => kind === 'decode').length).toBeGreaterThan(3);
    expect(largestDifference(windows, whole)).toBeLessThan(1e-4);
    // No click: where windows meet samples step no further than they do within them.
    expect(largestStep(windows)).toBeLessThanOrEqual(largestStep(whole) * 1.001);
  });

  it('says the same for the same seed, on any replica, and something else for another', async () => {
    const other = await loadReplica(loadOf(DIR));
    try {
      const text = 'It is a long way to the sea. We go there every day.';
      const one = await speak(model, replica, { text, seed: 3 });
      const same = await speak(model, other, { text, seed: 3 });
      const another = await speak(model, replica, { text, seed: 4 });
      const unseeded = await speak(model, replica, { text });
      expect(Buffer.from(same.samples.buffer).equals(Buffer.from(one.samples.buffer))).toBe(true);
      expect(largestDifference(one.samples, another.samples)).toBeGreaterThan(0.1);
      expect(largestDifference(one.samples, unseeded.samples)).toBeGreaterThan(0.1);
    } finally {
      await other.close();
    }
  });

  it('goes on at any sample with the samples that it would have made', async () => {
    const request = { text: LONG, seed: 1 };
    const whole = await speak(model, replica, request);
    const marks = await marksOf(request);
    const second = marks[1];
    if (!second) throw new Error('There are two sentences.');
    const firstSamples = whole.samples.length - second.samples;
    const points = [
      { piece: 0, skipSamples: 100 },
      { piece: 0, skipSamples: 48 * 256 },
      { piece: 0, skipSamples: 70_001 },
      { piece: 0, skipSamples: firstSamples - 1 },
      { piece: 1, skipSamples: 0 },
      { piece: 1, skipSamples: 5000 },
    ];
    for (const resume of points) {
      const rest = await speak(model, replica, { ...request, resume });
      const start = resume.piece * firstSamples + resume.skipSamples;
      expect(rest.samples.length).toBe(whole.samples.length - start);
      expect(largestDifference(rest.samples, whole.samples.subarray(start))).toBe(0);
    }
  });

  it('tells when each word is said', async () => {
    const text = 'Hello world. It costs $5, said Dr. Smith.';
    const marks = await marksOf({ text });
    const words = marks.flatMap(({ marks: piece }) => piece?.words ?? []);
    const source = words.map(({ start, end }) => text.slice(start, end));
    expect(source).toEqual(['Hello', 'world', 'It', 'costs', '$5', 'said', 'Dr.', 'Smith']);
    for (const { samples, marks: piece } of marks) {
      let last = piece?.fromSample ?? -1;
      for (const { fromSample, toSample } of piece?.words ?? []) {
        expect(fromSample).toBeGreaterThanOrEqual(last);
        expect(toSample).toBeGreaterThan(fromSample);
        last = toSample;
      }
      expect(last).toBeLessThanOrEqual(samples);
    }
  });

  it('takes half as long at speed 2', async () => {
    const text = 'The quick brown fox jumps over the lazy dog.';
    // Durations are whole frames and drawn anew for each seed: only many of them show the pace.
    const secondsOf = async (speed: number): Promise<number> => {
      let seconds = 0;
      for (let seed = 0; seed < 4; seed += 1) {
        seconds += (await speak(model, replica, { text, speed, seed })).seconds;
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
    const step = async (one: PiperStep): Promise<PiperResult> => {
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
    expect(asked).toBeLessThanOrEqual(5);
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
  ])('bounds every step of %s', async (_name, text) => {
    const lengths: number[] = [];
    const step = async (one: PiperStep): Promise<PiperResult> => {
      if (one.kind !== 'begin') throw new Error(`${one.kind} is not expected.`);
      lengths.push(one.phonemeIds.length);
      return begunOfOneFrame(one.phonemeIds.length);
    };
    const { signal } = new AbortController();
    const types: string[] = [];
    for await (const event of model.synthesize(requestOf({ text }), { signal, step })) {
      types.push(event.type);
      if (lengths.length > 50) break;
    }
    expect(types).toContain('mark');
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_IDS);
  });

  it('speaks the longest utterance that there is', async () => {
    const phonemeIds = Array.from({ length: MAX_IDS }, (_, index) => (index % 2 ? 0 : 14));
    const step = { phonemeIds, lengthScale: 0.25, seed: 0, utterance: 0 };
    const { result } = await replica.run({ ...step, kind: 'begin', opens: true }, NEVER_CANCELED);
    expect((result as Begun).frames).toBeGreaterThan(100);
  });
});

describe('a Piper voice whose graph was not cut', () => {
  it('speaks whole sentences', async () => {
    const files = {
      'model.onnx': join(DIR, 'model.onnx'),
      'model.onnx.json': join(DIR, 'model.onnx.json'),
    };
    await withModelDir(files, async (dir) => {
      const uncut = await piperEngine.open(cardOf('joe'), dir, { phonemizer });
      const whole = await loadReplica(loadOf(dir));
      const spoken = await speak(uncut, whole, { text: 'It was a sunny day. We went out.' });
      expect(spoken.events).toEqual(['start', 'audio', 'audio', 'audio', 'usage', 'done']);
      expect(spoken.steps.map(({ kind }) => kind)).toEqual(['whole', 'whole']);
      expect(rmsOf(spoken.samples)).toBeGreaterThan(0.04);
      await whole.close();
    });
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

/** An utterance by one run of each graph: no windows, and no sections. */
async function inOnePiece(step: Extract<PiperStep, { kind: 'begin' }>): Promise<Float32Array> {
  const run = async (one: PiperStep): Promise<PiperResult> =>
    (await replica.run(one, NEVER_CANCELED)).result;
  const { frames, tensors } = (await run(step)) as Begun;
  const { seed, utterance } = step;
  const range = { from: 0, to: frames };
  const flow: PiperStep = { kind: 'flow', seed, utterance, range, around: range, inputs: tensors };
  const { latent } = (await run(flow)) as Section;
  return (await run({ kind: 'decode', range, latent, inputs: [] })) as Float32Array;
}

type Mark = Extract<SpeechEvent, { type: 'mark' }>;

async function marksOf(request: Parameters<typeof requestOf>[0]): Promise<Mark[]> {
  const step = async (one: PiperStep): Promise<PiperResult> =>
    (await replica.run(one, NEVER_CANCELED)).result;
  const { signal } = new AbortController();
  const marks: Mark[] = [];
  for await (const event of model.synthesize(requestOf(request), { signal, step })) {
    if (event.type === 'mark') marks.push(event);
  }
  return marks;
}

function begunOfOneFrame(ids: number): Begun {
  const durations = new Float32Array(ids);
  durations[0] = 1;
  const latent = { data: new Float32Array(192), channels: 192, frames: 1 };
  return { durations, frames: 1, tensors: [], opening: new Float32Array(256), latent };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    largest = Math.max(largest, Math.abs((a[at] ?? 0) - (b[at] ?? 0)));
  }
  return largest;
}

function largestStep(samples: Float32Array): number {
  let largest = 0;
  for (let at = 1; at < samples.length; at += 1) {
    largest = Math.max(largest, Math.abs((samples[at] ?? 0) - (samples[at - 1] ?? 0)));
  }
  return largest;
}
