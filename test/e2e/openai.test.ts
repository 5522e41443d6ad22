import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { hasFfmpeg } from '../support/codecs.js';
import { eventsOf } from '../support/server-sent-events.js';

/** Real weights, real processes, the official client: what a user gets. */
describe('the official OpenAI client', () => {
  let chorus: ChorusProcess;
  let client: OpenAI;

  beforeAll(async () => {
    chorus = await startChorus({ TTS_MODELS: 'piper-en-us-joe', ASR_MODELS: 'whisper-tiny.en' });
    client = new OpenAI({ baseURL: `${chorus.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });

  afterAll(async () => {
    expect(await chorus?.stop()).toBe(0);
  });

  const sentence = 'The quick brown fox jumps over the lazy dog.';

  async function say(options: Partial<OpenAI.Audio.SpeechCreateParams>): Promise<Buffer> {
    const speech = { model: 'tts-1', voice: 'alloy', input: sentence, ...options };
    return Buffer.from(await (await client.audio.speech.create(speech)).arrayBuffer());
  }

  async function hear(audio: Buffer, name: string): Promise<string> {
    const file = await toFile(audio, name);
    return (await client.audio.transcriptions.create({ model: 'whisper-1', file })).text;
  }

  const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];

  /** Share of the sentence's words that were heard: the voice's noise is random, and so are slips. */
  function heardShare(text: string): number {
    const heard = new Set(words(text));
    const said = words(sentence);
    return said.filter((word) => heard.has(word)).length / said.length;
  }

  const aac = hasFfmpeg ? (['aac'] as const) : [];

  it.each(['wav', 'mp3', 'flac', 'opus', ...aac] as const)(
    'is heard as it spoke, by way of %s',
    async (format) => {
      const audio = await say({ response_format: format });
      expect(heardShare(await hear(audio, `speech.${format}`))).toBeGreaterThan(0.7);
    },
  );

  it.each(['mp3', ...aac] as const)(
    'is heard as it spoke, by way of events with %s',
    async (format) => {
      const speech = { model: 'tts-1', voice: 'alloy', input: sentence } as const;
      const answer = await client.audio.speech.create({
        ...speech,
        response_format: format,
        stream_format: 'sse',
      });
      expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
      const events = await eventsOf(answer);
      const parts = events.map(({ audio = '' }) => Buffer.from(audio, 'base64'));
      expect(heardShare(await hear(Buffer.concat(parts), `speech.${format}`))).toBeGreaterThan(0.7);
      const { usage } = events.at(-1) as unknown as { usage: Record<string, number> };
      expect(usage['input_tokens']).toBe(sentence.length);
      expect(usage['output_tokens']).toBeGreaterThan(20);
      expect(usage['total_tokens']).toBe(usage['input_tokens']! + usage['output_tokens']!);
    },
  );

  it('gets raw samples at 24 kHz for pcm', async () => {
    const wav = await say({ response_format: 'wav' });
    const pcm = await say({ response_format: 'pcm' });
    const wavSeconds = (wav.length - 44) / 2 / 22_050;
    expect(pcm.length / 2 / 24_000).toBeCloseTo(wavSeconds, 0);
  });

  it('gets one header for a streamed WAV of several sentences, without a length', async () => {
    const wav = await say({ response_format: 'wav', input: `${sentence} ${sentence}` });
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    expect(wav.readUInt32LE(4)).toBe(0xffff_ffff);
    expect(wav.indexOf('RIFF', 4, 'latin1')).toBe(-1);
  });

  it('speaks faster when it is asked to', async () => {
    const [normal, double] = [
      await say({ response_format: 'pcm' }),
      await say({ response_format: 'pcm', speed: 2 }),
    ];
    expect(double.length / normal.length).toBeGreaterThan(0.35);
    expect(double.length / normal.length).toBeLessThan(0.75);
  });

  it('gets segments that lie in the audio', async () => {
    const file = await toFile(await say({ response_format: 'wav' }), 'speech.wav');
    const transcript = await client.audio.transcriptions.create({
      model: 'whisper-tiny.en',
      file,
      response_format: 'verbose_json',
    });
    expect(transcript).toMatchObject({ task: 'transcribe', language: 'english' });
    expect(transcript.duration).toBeGreaterThan(2);
    const segments = transcript.segments ?? [];
    expect(segments.length).toBeGreaterThan(0);
    for (const { start, end } of segments) {
      expect(start).toBeLessThan(end);
      expect(end).toBeLessThanOrEqual(transcript.duration + 0.1);
    }
  });

  it('lists models and voices, and finds a model by its alias', async () => {
    const ids = (await client.models.list()).data.map((model) => model.id);
    expect(ids).toEqual(['piper-en-us-joe', 'whisper-tiny.en']);
    expect((await client.models.retrieve('whisper-1')).id).toBe('whisper-tiny.en');
    const voices = (await (await fetch(`${chorus.url}/v1/audio/voices`)).json()) as {
      voices: { id: string }[];
    };
    expect(voices.voices.map((voice) => voice.id)).toContain('joe');
  });

  it.each([
    ['only punctuation', '... !!! ???', 400],
    ['only emoji', '🎉🎊', 400],
    ['emoji among words', 'Well done 🎉🎊!', 200],
    ['control characters', '\u0001\u0002\u0003', 400],
    ['a lone surrogate among words', 'Hello \ud83d there', 200],
    ['one letter 4,096 times', 'a'.repeat(4_096), 200],
    ['right-to-left words among others', 'Hello שלום, my friends', 200],
    ['right-to-left text for an English voice', 'שלום hello שלום', 400],
  ])('survives %s', async (_, input, status) => {
    const answer = await client.audio.speech
      .create({ model: 'tts-1', voice: 'joe', input, response_format: 'pcm' })
      .then(async (response) => (await response.arrayBuffer(), response.status))
      .catch((error: InstanceType<typeof OpenAI.APIError>) => error.status);
    expect(answer).toBe(status);
  });

  it('is told what is wrong with a file that is no audio', async () => {
    await expect(
      hear(Buffer.from('this is not audio at all, only text'), 'speech.wav'),
    ).rejects.toMatchObject({
      status: 400,
      param: 'file',
    });
  });

  it('leaves no file, no lease and no dead worker behind', async () => {
    expect(await readdir(join(chorus.dataDir, 'spool'))).toEqual([]);
    const health = (await (await fetch(`${chorus.url}/health`)).json()) as { status: string };
    expect(health.status).toBe('healthy');
    expect(chorus.log()).not.toMatch(/is crashed/);
  });
});
