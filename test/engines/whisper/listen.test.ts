import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Resampler } from '../../../src/audio/resampler.js';
import { floatToS16 } from '../../../src/audio/pcm.js';
import { ChorusError } from '../../../src/protocol/errors.js';
import { bareText, WhisperStream } from '../../support/live-whisper.js';
import { modelDir } from '../../support/models.js';
import {
  type LoadedWhisper,
  openWhisper,
  readGolden,
  readSpanish,
  readSpeech,
  type WhisperGolden,
} from '../../support/whisper.js';
import { chord, concat, pcmOf, silence, whiteNoise } from '../vad/sounds.js';

const RATE_HZ = 16_000;
const SENTENCES = [
  'the station was quiet when the morning train came in',
  'nobody had seen a crowd of that size for years',
  'the driver smiled and all the children laughed',
] as const;
/** Pauses of the fixture: between its sentences, in samples. */
const CUTS = [0, 3.16, 6.2, 9.2].map((seconds) => Math.round(seconds * RATE_HZ));

let speech: Int16Array;
let golden: WhisperGolden;
beforeAll(async () => {
  speech = await readSpeech();
  golden = await readGolden();
});

/** One of the fixture's sentences, from 0 on, with its pauses. */
const sentence = (index: number): Int16Array => speech.slice(CUTS[index], CUTS[index + 1]);

/** Floats in −1…1 of samples. */
const floatsOf = (pcm: Int16Array): Float32Array => Float32Array.from(pcm, (one) => one / 32_768);

function joined(...parts: readonly Int16Array[]): Int16Array {
  return pcmOf(concat(parts.map(floatsOf)));
}

function at8kHz(pcm: Int16Array): Int16Array {
  const resampler = new Resampler({ inputRateHz: RATE_HZ, outputRateHz: 8_000 });
  return floatToS16(concat([resampler.push(floatsOf(pcm)), resampler.flush()]));
}

describe('Whisper that hears live speech', () => {
  let whisper: LoadedWhisper;
  beforeAll(async () => {
    whisper = await openWhisper(modelDir('whisper-tiny.en'));
  });
  afterAll(() => whisper.close());

  it('guesses words while they are spoken, takes none back that was sure, and ends right', async () => {
    const before = pcmOf(silence(1));
    const pcm = joined(before, speech, before);
    const stream = new WhisperStream(whisper, { words: true, logprobs: true });
    await stream.say(pcm);
    await stream.end();
    expect(stream.text).toBe(SENTENCES.join(' '));

    let stable = '';
    let stableWords = 0;
    for (const event of stream.events) {
      if (event.type === 'partial') {
        expect(event.text.startsWith(stable)).toBe(true);
        stable = event.text.slice(0, event.stableLength ?? 0);
        stableWords = Math.max(stableWords, stable.split(' ').length);
      } else if (event.type === 'segment') {
        expect(event.segment.text.startsWith(stable)).toBe(true);
        stable = '';
      }
    }
    expect(stableWords).toBeGreaterThan(3);

    const words = stream.segments.flatMap((segment) => segment.words ?? []);
    const times = words.flatMap(({ start, end }) => [start, end]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(0.6);
    expect(times.at(-1)).toBeLessThanOrEqual(pcm.length / RATE_HZ);
    const reference = golden.words['whisper-tiny.en'];
    expect(words.map(({ word }) => bareText(word))).toEqual(
      reference.map(({ word }) => bareText(word)),
    );
    const apart = words.map(({ start }, i) => Math.abs(start - 1 - (reference[i]?.start ?? 0)));
    expect(apart.toSorted((a, b) => a - b)[Math.floor(apart.length * 0.8)]).toBeLessThan(0.4);

    for (const { text, tokenLogprobs = [], avgLogprob } of stream.segments) {
      const bytes = tokenLogprobs.flatMap((token) => token.bytes);
      expect(Buffer.from(bytes).toString().trim()).toBe(text);
      expect(tokenLogprobs.every(({ logprob }) => logprob <= 0)).toBe(true);
      expect(avgLogprob).toBeGreaterThan(-0.7);
    }
    // Times cost work: only of what will be told.
    const timed = stream.windows.filter(({ alignment }) => alignment);
    expect(timed.length).toBeGreaterThanOrEqual(stream.segments.length);
    expect(timed.length).toBeLessThan(stream.windows.length);
  });

  it('writes no window where nobody speaks', async () => {
    const stream = new WhisperStream(whisper);
    await stream.say(pcmOf(concat([silence(2), whiteNoise(2, 0.05), silence(2)])));
    await stream.end();
    expect(stream.windows).toEqual([]);
    expect(stream.events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
  });

  it.each([
    ['a hum', chord(3, [110, 220, 330])],
    ['noise', whiteNoise(3, 0.05)],
  ])('has no words of %s that was taken for speech', async (_, sound) => {
    const segmentation = { threshold: 0, prefixPaddingMs: 0, silenceDurationMs: 500 };
    const stream = new WhisperStream(whisper, { segmentation });
    await stream.say(pcmOf(sound));
    await stream.end();
    expect(stream.windows.length).toBeGreaterThan(0);
    expect(stream.segments).toEqual([]);
    const guesses = stream.events.flatMap((event) => (event.type === 'partial' ? [event] : []));
    expect(guesses.map(({ text }) => text).join('')).toBe('');
  });

  it('writes turns that the client ends, at 8 kHz, and nothing of one that it clears', async () => {
    const asked = { sampleRateHz: 8_000, turns: 'manual', partials: false } as const;
    const stream = new WhisperStream(whisper, { ...asked, words: true });
    await stream.say(at8kHz(sentence(0)).subarray(0, 2.5 * 8_000));
    await stream.tell('clear');
    await stream.say(at8kHz(sentence(1)));
    await stream.tell('commit');
    // At 8 kHz a word may come before it.
    expect(stream.text).toContain(SENTENCES[1]);
    await stream.say(at8kHz(sentence(2)));
    await stream.tell('commit');
    await stream.end();
    expect(stream.text).toContain(SENTENCES.slice(1).join(' '));
    const types = stream.events.map(({ type }) => type);
    const turn = ['committed', 'segment', 'settled'];
    expect(types).toEqual(['start', 'cleared', ...turn, ...turn, 'usage', 'done']);
    // The stream's time goes on over what was cleared.
    const cleared = stream.events.find((event) => event.type === 'cleared');
    const { atSeconds = 0 } = cleared ?? {};
    expect(atSeconds).toBeCloseTo(2.5, 1);
    expect(stream.segments[0]?.start).toBeGreaterThanOrEqual(atSeconds);
    expect(stream.segments[0]?.words?.at(-1)?.end).toBeLessThan(atSeconds + 3.04);
  });

  it('finds the same speech however it is cut into pieces', async () => {
    const found: (readonly unknown[])[] = [];
    for (const pieceSeconds of [10, 0.064]) {
      const stream = new WhisperStream(whisper, { partials: false });
      await stream.say(joined(sentence(1), pcmOf(silence(1))), pieceSeconds);
      await stream.end();
      // At 8 kHz a word may come before it.
      expect(stream.text).toContain(SENTENCES[1]);
      const turn = stream.events.filter(({ type }) => type.startsWith('speech_'));
      found.push([...turn, ...stream.segments.map(({ start, end }) => [start, end])]);
    }
    expect(found[0]).toHaveLength(3);
    expect(found[1]).toEqual(found[0]);
  });

  it('conditions each window with the prompt', async () => {
    const stream = new WhisperStream(whisper, { prompt: 'A story of a train.' });
    await stream.say(sentence(0), 1.7);
    await stream.end();
    expect(stream.text).toBe(SENTENCES[0]);
    const prompts = stream.windows.map(({ prompt }) => prompt.length);
    expect(Math.min(...prompts)).toBeGreaterThan(4);
  });

  it('writes nothing more once the stream is aborted', async () => {
    const stream: WhisperStream = new WhisperStream(whisper, {
      onWindow: () => stream.abort.abort(new ChorusError('canceled', 'Nobody listens.')),
    });
    await stream.say(speech.subarray(0, 5 * RATE_HZ));
    await expect(stream.over).rejects.toMatchObject({ code: 'canceled' });
    expect(stream.windows).toHaveLength(1);
    expect(stream.segments).toEqual([]);
  });

  it('refuses a language that it does not know, naming the field', async () => {
    const stream = new WhisperStream(whisper, { language: 'de' });
    await expect(stream.over).rejects.toMatchObject({
      code: 'unsupported_language',
      details: { param: 'language' },
    });
  });
});

describe('multilingual Whisper that hears live speech', () => {
  let whisper: LoadedWhisper;
  beforeAll(async () => {
    whisper = await openWhisper(modelDir('whisper-base'));
  });
  afterAll(() => whisper.close());

  it('finds the language of a sentence once, and hears the rest of it in that one', async () => {
    const stream = new WhisperStream(whisper);
    await stream.say(await readSpanish());
    await stream.end();
    expect(stream.text).toMatch(/^el tren llega a la estaci/);
    const languages = stream.windows.map(({ language }) => language);
    expect(languages[0]).toBeUndefined();
    expect(languages.at(-1)).toBe('es');
  });

  it('takes the language that it is told', async () => {
    const stream = new WhisperStream(whisper, { language: 'es', partials: false });
    await stream.say(await readSpanish(), 5);
    await stream.end();
    expect(stream.events[0]).toMatchObject({ type: 'start', language: 'es' });
    expect(new Set(stream.windows.map(({ language }) => language))).toEqual(new Set(['es']));
  });
});
