/** The detector with its real weights, from samples to spans and events. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type EndpointEvent, Endpointing } from '../../../src/engines/vad/endpointing.js';
import { SileroVad } from '../../../src/engines/vad/silero-vad.js';
import type { SpeechSpan } from '../../../src/engines/vad/span.js';
import { DEFAULT_SPEECH_SPANS, SpeechSpans } from '../../../src/engines/vad/speech-spans.js';
import { VadStream } from './vad-stream.js';
import { modelDir } from '../../support/models.js';
import { sine } from '../../support/sine.js';
import {
  chord,
  clicks,
  concat,
  mixed,
  pcmOf,
  pinkNoise,
  silence,
  type Sound,
  speakTexts,
  whiteNoise,
} from './sounds.js';

const RATE_HZ = 16_000;
/** How far a span's ends may be from the speech's; noise hides the end of a word. */
const TOLERANCE_SAMPLES = 0.1 * RATE_HZ;
const NOISE_TOLERANCE_SAMPLES = 4 * 512;
const TEXTS = ['The quick brown fox jumps over the lazy dog.', 'It was a sunny day.', 'Up.'];

let vad: SileroVad;
let spoken: Sound[];
beforeAll(async () => {
  vad = await SileroVad.open(modelDir('silero-vad'));
  spoken = await speakTexts(TEXTS);
});
afterAll(() => vad.close());

async function spansOf(sound: Sound, paddingMs: number): Promise<SpeechSpan[]> {
  const stream = new VadStream(vad);
  const spans = new SpeechSpans({ ...DEFAULT_SPEECH_SPANS, paddingMs });
  const probabilities = await stream.probabilities(pcmOf(sound));
  const last = await stream.finish();
  return [...spans.push(probabilities), ...spans.push(last), ...spans.finish(sound.length)];
}

/** Parts one after another, and where those lie that are speech. */
function scene(parts: readonly Sound[]): { readonly sound: Sound; readonly speech: SpeechSpan[] } {
  const speech: SpeechSpan[] = [];
  let at = 0;
  for (const part of parts) {
    if (spoken.includes(part)) speech.push({ fromSample: at, toSample: at + part.length });
    at += part.length;
  }
  return { sound: concat(parts), speech };
}

function expectNear(
  found: readonly SpeechSpan[],
  speech: readonly SpeechSpan[],
  tolerance = TOLERANCE_SAMPLES,
): void {
  expect(found).toHaveLength(speech.length);
  for (const [index, { fromSample, toSample }] of found.entries()) {
    const real = speech[index];
    expect(Math.abs(fromSample - (real?.fromSample ?? 0))).toBeLessThan(tolerance);
    expect(Math.abs(toSample - (real?.toSample ?? 0))).toBeLessThan(tolerance);
  }
}

describe('speech spans with the real weights', () => {
  it('lie where the speech does, between silences', async () => {
    const [fox = silence(0), day = silence(0)] = spoken;
    const { sound, speech } = scene([silence(1.5), fox, silence(2), day, silence(1)]);
    expectNear(await spansOf(sound, 0), speech);
  });

  it('lie where the speech does, between noises and in noise', async () => {
    const [fox = silence(0), day = silence(0)] = spoken;
    const { sound, speech } = scene([silence(3), day, silence(4), fox, silence(2.5)]);
    for (const noise of [whiteNoise(30, 0.02), pinkNoise(30, 0.05)]) {
      const found = await spansOf(mixed(sound, noise), 0);
      expectNear(found, speech, NOISE_TOLERANCE_SAMPLES);
    }
  });

  it('hold a lone word of one syllable', async () => {
    const [, , up = silence(0)] = spoken;
    const { sound, speech } = scene([silence(1), up, silence(1)]);
    expectNear(await spansOf(sound, 0), speech);
  });

  it.each<[string, () => Sound]>([
    ['silence', () => silence(60)],
    ['white noise', () => whiteNoise(60, 0.3)],
    ['faint white noise', () => whiteNoise(60, 0.003)],
    ['pink noise', () => pinkNoise(60, 0.5)],
    ['a tone', () => sine({ rateHz: RATE_HZ, seconds: 60, frequencyHz: 440, amplitude: 0.5 })],
    ['clicks', () => clicks(60)],
    ['a chord', () => chord(60, [261.63, 329.63, 392, 523.25])],
  ])('are not found in a minute of %s', async (_, make) => {
    expect(await spansOf(make(), 400)).toEqual([]);
  });
});

describe('endpointing with the real weights', () => {
  it('hears two sentences of a live stream begin and end', async () => {
    const [fox = silence(0), day = silence(0)] = spoken;
    const { sound, speech } = scene([silence(1), fox, silence(1.2), day, silence(1)]);
    const stream = new VadStream(vad);
    const settings = { threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500 };
    const endpointing = new Endpointing(settings);
    const pcm = pcmOf(sound);
    const events: EndpointEvent[] = [];
    for (let at = 0; at < pcm.length; at += 320) {
      const probabilities = await stream.probabilities(pcm.subarray(at, at + 320));
      events.push(...endpointing.push(probabilities));
    }
    expect(events.map(({ type }) => type)).toEqual(
      speech.flatMap(() => ['speech_started', 'speech_stopped']),
    );
    const found = speech.map((_, index) => ({
      fromSample: speechSample(events[2 * index]),
      toSample: speechSample(events[2 * index + 1]),
    }));
    expectNear(found, speech);
  });
});

function speechSample(event: EndpointEvent | undefined): number {
  if (event?.type === 'speech_started') return event.speechFromSample;
  return event?.speechToSample ?? Number.NaN;
}
