import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { decodeByFfmpeg, hasFfmpeg } from '../support/codecs.js';
import { rmsOf } from '../support/speak.js';

const FIXTURE = 'test/fixtures/speech-16k.wav';
const HEADER_BYTES = 44;
const SHORT = 'Good morning, everybody.';
const SENTENCE = 'The quick brown fox jumps over the lazy dog.';

/** Real weights, real processes, plain HTTP: what an NLS client gets that speaks REST. */
describe('an NLS client over REST', () => {
  let chorus: ChorusProcess;
  let files: Server;
  let speech: Buffer;

  beforeAll(async () => {
    speech = await readFile(FIXTURE);
    files = createServer((_, res) => void res.end(speech));
    await once(files.listen(0, '127.0.0.1'), 'listening');
    chorus = await startChorus({
      TTS_MODELS: 'piper-en-us-joe',
      ASR_MODELS: 'whisper-tiny.en',
      FETCH_ALLOW_HOSTS: '127.0.0.1',
    });
  });

  afterAll(async () => {
    files?.close();
    expect(await chorus?.stop()).toBe(0);
  });

  async function hear(audio: Uint8Array, query = ''): Promise<Record<string, unknown>> {
    const body = new Uint8Array(audio);
    const init = { method: 'POST', body };
    const answer = await fetch(`${chorus.url}/stream/v1/asr?${query}`, init);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  }

  async function say(fields: object): Promise<Buffer> {
    const answer = await fetch(`${chorus.url}/stream/v1/tts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: SENTENCE, ...fields }),
    });
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get('task_id')).toMatch(/^[0-9a-f]{32}$/);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** Samples of a WAV answer, −1…1. */
  async function sayWav(fields: object): Promise<Float32Array> {
    const bytes = (await say(fields)).subarray(HEADER_BYTES);
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    return Float32Array.from(samples, (sample) => sample / 32_768);
  }

  const words = (text: unknown): string[] =>
    String(text)
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];

  /** Share of a text's words that were heard. */
  function heardShare(result: unknown, said: string): number {
    const heard = new Set(words(result));
    const all = words(said);
    return all.filter((word) => heard.has(word)).length / all.length;
  }

  function ffmpeg(...args: string[]): Buffer {
    return execFileSync('ffmpeg', ['-v', 'error', '-i', FIXTURE, ...args, 'pipe:1']);
  }

  it('is understood in a WAV file, as raw samples and by its address', async () => {
    const { result, status, message, task_id } = await hear(
      speech,
      'format=wav&enable_punctuation_prediction=true',
    );
    expect({ status, message }).toEqual({ status: 20_000_000, message: 'SUCCESS' });
    expect(task_id).toMatch(/^[0-9a-f]{32}$/);
    expect(words(result).length).toBeGreaterThan(5);
    expect(result).toMatch(/[.,!?]/);
    const plain = (await hear(speech))['result'];
    expect(plain).not.toMatch(/[.,!?]/);
    expect(words(plain)).toEqual(words(result));
    const raw = await hear(speech.subarray(HEADER_BYTES), 'format=pcm&sample_rate=16000');
    expect(raw['result']).toBe(plain);
    const address = `http://127.0.0.1:${(files.address() as AddressInfo).port}/a.wav`;
    const fetched = await hear(Buffer.alloc(0), `audio_address=${encodeURIComponent(address)}`);
    expect(fetched['result']).toBe(plain);
  });

  it.skipIf(!hasFfmpeg)('is understood at 8 kHz and in MP3', async () => {
    const said = String((await hear(speech))['result']);
    const raw = ffmpeg('-ar', '8000', '-f', 's16le');
    expect(heardShare((await hear(raw, 'sample_rate=8000'))['result'], said)).toBeGreaterThan(0.6);
    const mp3 = ffmpeg('-f', 'mp3', '-id3v2_version', '0', '-write_xing', '0');
    expect(heardShare((await hear(mp3))['result'], said)).toBeGreaterThan(0.8);
  });

  it('hears nothing in silence, and says so with success', async () => {
    expect(await hear(Buffer.alloc(32_000))).toMatchObject({ status: 20_000_000, result: '' });
  });

  it('is told what is wrong with what is no audio', async () => {
    const broken = Buffer.concat([Buffer.from('RIFF\x10\0\0\0WAVE'), Buffer.from('nonsense')]);
    expect(await hear(broken)).toMatchObject({ status: 40_000_000, result: '' });
    expect(await hear(Buffer.from('plain text'), 'format=wav')).toMatchObject({
      status: 40_000_003,
    });
  });

  it('is refused one byte more than 100 MB', async () => {
    expect(await hear(Buffer.alloc(100 * 2 ** 20 + 1))).toMatchObject({ status: 40_000_000 });
  });

  it('is heard as it speaks', async () => {
    for (const format of ['wav', 'pcm', 'mp3']) {
      const audio = await say({ format });
      const { result } = await hear(audio, `format=${format}`);
      expect(heardShare(result, SENTENCE)).toBeGreaterThan(0.7);
    }
  });

  it('gets the rate that it asks for, and the same speech in each format', async () => {
    const text = SHORT;
    const seconds = (await sayWav({ text })).length / 16_000;
    expect(seconds).toBeGreaterThan(0.8);
    for (const sample_rate of [8000, 48_000]) {
      const wav = await say({ text, sample_rate });
      expect(wav.readUInt32LE(24)).toBe(sample_rate);
      expect((wav.length - HEADER_BYTES) / 2 / sample_rate).toBeCloseTo(seconds, 1);
      const pcm = await say({ text, sample_rate, format: 'pcm' });
      expect(pcm.length).toBe(wav.length - HEADER_BYTES);
    }
    if (!hasFfmpeg) return;
    const mp3 = decodeByFfmpeg(await say({ text, format: 'MP3', sample_rate: 24_000 }), 24_000);
    expect(mp3.length / 24_000).toBeCloseTo(seconds, 0);
  });

  it('speaks louder and softer', async () => {
    const own = rmsOf(await sayWav({ text: SHORT, volume: 50 }));
    expect(rmsOf(await sayWav({ text: SHORT, volume: 25 })) / own).toBeCloseTo(0.5, 2);
    expect(rmsOf(await sayWav({ text: SHORT, volume: 100 })) / own).toBeGreaterThan(1.6);
    expect(rmsOf(await sayWav({ text: SHORT, volume: 0 }))).toBe(0);
  });

  it('speaks faster and slower', async () => {
    const own = (await sayWav({ text: SHORT })).length;
    const share = async (speech_rate: number): Promise<number> =>
      (await sayWav({ text: SHORT, speech_rate })).length / own;
    // Pauses and whole frames of sound keep a voice from being exact.
    expect(Math.abs((await share(500)) - 0.5)).toBeLessThan(0.15);
    expect(Math.abs((await share(-500)) - 2)).toBeLessThan(0.4);
  });

  it.each([
    ['emoji only', '😀😀', 40_000_003],
    ['1001 characters', 'x'.repeat(1001), 40_000_003],
    ['nothing', '', 40_000_003],
  ])('is told that %s cannot be spoken', async (_, text, status) => {
    const answer = await fetch(`${chorus.url}/stream/v1/tts`, {
      method: 'POST',
      body: JSON.stringify({ text }),
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toMatchObject({ status, result: '' });
  });

  it('hears a text with halves of characters without them', async () => {
    const audio = await say({ text: 'Hello \ud800 there \udc00.' });
    expect(audio.length).toBeGreaterThan(10_000);
  });

  it('learns which voices and models there are', async () => {
    const read = async (path: string) =>
      (await (await fetch(`${chorus.url}${path}`)).json()) as Record<string, unknown>;
    const info = await read('/stream/v1/tts/voices/info');
    expect(info['voices']).toMatchObject({
      英文男: { available: true, sample_rate: 22_050 },
      中文女: { available: false, sample_rate: null },
      joe: { available: true },
    });
    expect(await read('/stream/v1/tts/health')).toMatchObject({ status: 'healthy', device: 'cpu' });
    expect(await read('/stream/v1/asr/health')).toMatchObject({
      status: 'healthy',
      loaded_models: ['whisper-tiny.en'],
    });
    expect(await read('/stream/v1/asr/models')).toMatchObject({ loaded_count: 1 });
    const chinese = await fetch(`${chorus.url}/stream/v1/tts?text=hi&voice=${encodeURI('中文女')}`);
    expect(await chinese.json()).toMatchObject({
      status: 40_000_003,
      message: expect.stringContaining('kokoro-82m has such a voice: add it to TTS_MODELS'),
    });
  });
});
