import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';

/** What is said in the fixture, and how long that takes. */
const SPOKEN =
  'the station was quiet when the morning train came in nobody had seen a crowd of that size for years the driver smiled and all the children laughed';
const SPEECH_SECONDS = 9.05;

const MS_PER: readonly number[] = [3_600_000, 60_000, 1000, 1];

/** Times of subtitles in milliseconds, cue by cue. */
function timesOf(subtitles: string): number[][] {
  const ms = (time: string) =>
    time.split(/[:.,]/).reduce((sum, part, index) => sum + Number(part) * (MS_PER[index] ?? 0), 0);
  return [...subtitles.matchAll(/^(\S+) --> (\S+)$/gm)].map(([, from = '', to = '']) => [
    ms(from),
    ms(to),
  ]);
}

/** Real weights, real processes, the official client: transcripts in every form. */
describe('a transcript of real speech for the official client', () => {
  let chorus: ChorusProcess;
  let client: OpenAI;
  let speech: Buffer;
  let text: string;

  const file = () => toFile(speech, 'speech.wav');
  const letters = (words: string): string =>
    words
      .toLowerCase()
      .replace(/[^a-z]+/g, ' ')
      .trim();

  beforeAll(async () => {
    speech = await readFile(join('test', 'fixtures', 'speech-16k.wav'));
    chorus = await startChorus({
      TTS_MODELS: 'none',
      ASR_MODELS: 'whisper-tiny.en,whisper-base',
      ASR_REPLICAS: '1',
      ASR_THREADS: '1',
    });
    client = new OpenAI({ baseURL: `${chorus.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const ask = { model: 'whisper-1', file: await file() };
    ({ text } = await client.audio.transcriptions.create(ask));
  });

  afterAll(async () => {
    expect(await chorus?.stop()).toBe(0);
  });

  it('comes as events that make the same text', async () => {
    const events = await client.audio.transcriptions.create({
      ...{ model: 'whisper-1', file: await file(), stream: true },
      chunking_strategy: 'auto',
    });
    let told = '';
    const types: string[] = [];
    for await (const event of events) {
      types.push(event.type);
      if (event.type === 'transcript.text.delta') told += event.delta;
      if (event.type === 'transcript.text.done') expect(event.text).toBe(told);
    }
    expect(types.at(0)).toBe('transcript.text.delta');
    expect(types.at(-1)).toBe('transcript.text.done');
    expect(told).toBe(text);
    expect(letters(text)).toBe(SPOKEN);
  });

  it.each(['srt', 'vtt'] as const)('comes as %s that can be read along', async (format) => {
    const ask = { model: 'whisper-1', file: await file(), response_format: format };
    const subtitles = await client.audio.transcriptions.create(ask);
    const times = timesOf(subtitles);
    expect(times.length).toBeGreaterThan(1);
    let free = 0;
    for (const [from = 0, to = 0] of times) {
      expect(from).toBeGreaterThanOrEqual(free);
      expect(to - from).toBeLessThanOrEqual(7000);
      free = to;
    }
    expect(free).toBeLessThanOrEqual(10_000);
    const lines = subtitles.split('\n').filter((line) => !/-->|^\d*$|^WEBVTT$/.test(line));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
    expect(letters(lines.join(' '))).toBe(letters(text));
  });

  it('takes what faster-whisper servers take', async () => {
    const answer = await client.audio.transcriptions.create({
      ...{ model: 'whisper-1', file: await file(), temperature: 0, prompt: 'Speech.' },
      ...{ beam_size: 2, condition_on_previous_text: true },
      chunking_strategy: { type: 'server_vad', threshold: 0.5, silence_duration_ms: 500 },
    });
    expect(letters(answer.text)).toBe(letters(text));
  });

  it('has words in order, of the whole text, within the audio', async () => {
    const { words, segments, duration } = await client.audio.transcriptions.create({
      ...{ model: 'whisper-1', file: await file(), response_format: 'verbose_json' },
      timestamp_granularities: ['word', 'segment'],
    });
    expect(duration).toBeCloseTo(SPEECH_SECONDS, 1);
    expect((words ?? []).map(({ word }) => letters(word)).join(' ')).toBe(letters(text));
    const times = (words ?? []).flatMap(({ start, end }) => [start, end]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(segments?.[0]?.start ?? duration);
    expect(times.at(-1)).toBeLessThanOrEqual(segments?.at(-1)?.end ?? 0);
    expect(segments?.at(-1)?.end).toBeLessThanOrEqual(duration);
    // Words are said all through the speech, not squeezed into a part of it.
    expect(times.at(-1)).toBeGreaterThan(8.5);
    const longest = (words ?? []).map(({ start, end }) => end - start);
    expect(Math.max(...longest)).toBeLessThan(1.5);
  });

  it('has log-probabilities of the text', async () => {
    const answer = await client.audio.transcriptions.create({
      ...{ model: 'whisper-1', file: await file(), include: ['logprobs'] },
    });
    const { logprobs = [] } = answer;
    const bytes = logprobs.flatMap((one) => one.bytes ?? []);
    expect(Buffer.from(bytes).toString().trim()).toBe(text);
    const values = logprobs.map(({ logprob = Number.NaN }) => logprob);
    expect(Math.max(...values)).toBeLessThanOrEqual(0);
    // It is sure of words that it has right.
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeGreaterThan(-0.5);
  });

  it('is translated by a model that can', async () => {
    const spanish = await readFile(join('test', 'fixtures', 'spanish-16k.wav'));
    const ask = {
      model: 'whisper-base',
      file: await toFile(spanish, 'spanish.wav'),
      response_format: 'verbose_json' as const,
    };
    const written = await client.audio.transcriptions.create(ask);
    expect(written.language).toBe('spanish');
    expect(letters(written.text)).toMatch(/^el tren llega/);
    const translated = await client.audio.translations.create(ask);
    expect(translated).toMatchObject({ task: 'translate', language: 'english' });
    expect(letters(translated.text)).toMatch(/^the train .*\bstation\b.* children .*happy$/);
  });

  it('is not translated by a model for English only, which names another', async () => {
    const translation = client.audio.translations.create({
      model: 'whisper-1',
      file: await file(),
    });
    await expect(translation).rejects.toMatchObject({
      ...{ status: 400, code: 'wrong_task', param: 'model' },
      message: expect.stringMatching(/English only.*whisper-base/) as string,
    });
  });

  it('leaves no file behind', async () => {
    expect(await readdir(join(chorus.dataDir, 'spool'))).toEqual([]);
  });
});
