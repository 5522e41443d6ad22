import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bucketOf } from '../../src/engines/buckets.js';
import type { Replica, SpeechModel, WarmUpContext } from '../../src/engines/engine.js';
import { type PiperBuckets, piperBuckets } from '../../src/engines/piper/buckets.js';
import { piperEngine } from '../../src/engines/piper/engine.js';
import { cutSymbols, voiceIds } from '../../src/engines/piper/phoneme-ids.js';
import { loadReplica } from '../../src/engines/piper/replica.js';
import type { PiperResult, PiperStep } from '../../src/engines/piper/steps.js';
import { WindowedUtterance } from '../../src/engines/piper/utterances.js';
import { readVoiceConfig, type VoiceConfig } from '../../src/engines/piper/voice-config.js';
import { openingOf } from '../../src/engines/piper/windows.js';
import { readCard } from '../../src/models/card-file.js';
import { readCut, type WindowedCut } from '../../src/models/piper/cut-file.js';
import { widened } from '../../src/models/piper/frame-range.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import { modelDir } from '../support/models.js';
import { cardOf, loadOf, NEVER_CANCELED, speak } from '../support/speak.js';

const DIR = modelDir('piper-en-us-joe');
const TEXTS = [
  'Yes.',
  'One',
  'Good morning, Sam.',
  'The quick brown fox, which had been waiting behind the barn since early morning, jumps over ' +
    'the lazy dog and runs away into the forest before anybody can see it. It was a sunny day.',
];
/**
 * In the last frames of an utterance, whose samples know what follows: here where a mark closes the
 * sentence and they hardly sound; else there may be ten times as much.
 */
const END_DIFFERENCE = 1e-3;

let phonemizer: Phonemizer;
let model: SpeechModel<PiperStep, PiperResult>;
let plain: Replica<PiperStep, PiperResult>;
let padding: Replica<PiperStep, PiperResult>;
let cut: WindowedCut;
let config: VoiceConfig;
let buckets: PiperBuckets;

beforeAll(async () => {
  phonemizer = await createPhonemizer();
  model = await piperEngine.open(cardOf('joe'), DIR, { phonemizer });
  plain = await loadReplica(loadOf(DIR));
  padding = await loadReplica(loadOf(DIR, { padded: true }));
  cut = (await readCut(DIR)) as WindowedCut;
  config = await readVoiceConfig(DIR);
  buckets = piperBuckets(cardOf('joe'), cut, config.phoneme_id_map);
});
afterAll(async () => {
  await plain.close();
  await padding.close();
  await phonemizer.close();
});

function largestDifference(one: Float32Array, other: Float32Array): number {
  return one.reduce((most, value, at) => Math.max(most, Math.abs(value - (other[at] ?? 9))), 0);
}

/** The lengths that a step's graphs are run with, before they are padded. */
function lengthsOf(step: PiperStep): Partial<Record<keyof PiperBuckets, number>> {
  if (step.kind === 'begin') return { phonemeIds: step.phonemeIds.length };
  if (step.kind === 'decode') return { decoderFrames: step.latent.frames };
  if (step.kind === 'whole') return {};
  const { around, window } = step;
  const decoderFrames = window && window.around.to - window.around.from;
  return {
    flowFrames: around.to - around.from,
    ...(decoderFrames !== undefined && { decoderFrames }),
  };
}

describe('Piper in buckets', () => {
  it.each(TEXTS)('says what it says without them: %s', async (text) => {
    const expected = await speak(model, plain, { text, seed: 5 });
    const { samples } = await speak(model, padding, { text, seed: 5 });
    expect(samples.length).toBe(expected.samples.length);
    const isClosed = /[.!?]$/.test(text);
    const most = isClosed ? END_DIFFERENCE : 10 * END_DIFFERENCE;
    expect(largestDifference(samples, expected.samples)).toBeLessThan(most);
    if (text.indexOf('.') < text.length - 1 && text.includes('.')) return;
    // One utterance: nothing differs before its end.
    const before = samples.length - cut.decoderContextFrames * cut.hopSamples;
    const begins = [samples, expected.samples].map((all) => all.subarray(0, before));
    expect(largestDifference(...(begins as [Float32Array, Float32Array]))).toBeLessThan(1e-4);
  });

  it('runs each of them when it is warmed up', async () => {
    const seen: Record<keyof PiperBuckets, number[]> = {
      phonemeIds: [],
      flowFrames: [],
      decoderFrames: [],
    };
    const context: WarmUpContext<PiperStep, PiperResult> = {
      signal: new AbortController().signal,
      async step(given) {
        const step = given as PiperStep;
        const lengths = lengthsOf(step);
        for (const [name, length] of Object.entries(lengths)) {
          seen[name as keyof PiperBuckets].push(length);
        }
        return (await padding.run(step, NEVER_CANCELED)).result;
      },
      together: () => Promise.reject(new Error('Windows do not join.')),
    };
    expect(await model.warmBuckets?.(context)).toEqual(buckets);
    expect(seen).toEqual(buckets);
  });

  it('never runs another length, whatever is said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.boolean(), async (frames, opens) => {
        for (const step of await stepsFor(frames, opens ? 0 : 1)) {
          for (const [name, length] of Object.entries(lengthsOf(step))) {
            const list = buckets[name as keyof PiperBuckets];
            expect(list, name).toContain(bucketOf(length, list));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has one for every opening and for every text that is cut to its length', () => {
    const { flowFrames, decoderFrames, phonemeIds } = buckets;
    for (let frames = 1; frames < 200; frames += 1) {
      const decoded = widened(openingOf(frames), cut.decoderContextFrames, frames);
      const flowed = widened(decoded, cut.flowContextFrames, frames);
      expect(decoderFrames).toContain(bucketOf(decoded.to, decoderFrames));
      expect(flowFrames).toContain(bucketOf(flowed.to, flowFrames));
    }
    const letters = fc.array(fc.constantFrom(...'abcdefg ,.'), { maxLength: 1500 });
    fc.assert(
      fc.property(letters, (symbols) => {
        const all = symbols.map((symbol) => ({ symbol, word: undefined }));
        for (const part of cutSymbols(all, 400)) {
          const { length } = voiceIds(part, config.phoneme_id_map).ids;
          expect(phonemeIds).toContain(bucketOf(length, phonemeIds));
        }
      }),
    );
  });

  it('has those of the card where it names some, and refuses those that are too short', async () => {
    const card = await readCard('models/piper-en-us-joe/model.yaml', 'piper-en-us-joe');
    expect(piperBuckets(card, cut, config.phoneme_id_map)).toEqual(card.buckets);
    const short = { ...card, buckets: { ...card.buckets, flowFrames: [96, 384] } };
    const opening = piperEngine.open(short, DIR, { phonemizer });
    await expect(opening).rejects.toThrow(/buckets.flowFrames with 384.*up to 460/);
    const loading = loadReplica(loadOf(DIR, { card: short }));
    await expect(loading).rejects.toThrow(/buckets.flowFrames/);
  });
});

/** The steps of an utterance of so many frames, answered with silence. */
async function stepsFor(frames: number, utterance: number): Promise<PiperStep[]> {
  const steps: PiperStep[] = [];
  const named = [...cut.flowInputs, ...cut.decoderInputs].map(({ name, kind }) => {
    const length = kind === 'frames' ? frames : 1;
    return { name, data: new Float32Array(length), dims: [1, 1, length] };
  });
  const latent = (length: number) => {
    return {
      data: new Float32Array(length * cut.channels),
      channels: cut.channels,
      frames: length,
    };
  };
  const step = async (given: PiperStep | (() => PiperStep)): Promise<PiperResult> => {
    const asked = typeof given === 'function' ? given() : given;
    steps.push(asked);
    if (asked.kind === 'decode') return new Float32Array();
    if (asked.kind === 'flow') return { latent: latent(asked.range.to - asked.range.from) };
    const opening = utterance === 0 ? { opening: new Float32Array() } : {};
    return { durations: Float32Array.of(frames), frames, tensors: named, ...opening };
  };
  const text = { phonemeIds: [1, 2, 3], lengthScale: 1, seed: 0, utterance };
  const options = { text, words: [], sources: [], sampleRateHz: 22_050 };
  const context = { signal: new AbortController().signal, step };
  const place = { afterSeconds: 0 };
  const { parts } = await new WindowedUtterance(options, context, cut).begin(place);
  for (const part of parts) await part.run(place);
  return steps;
}
