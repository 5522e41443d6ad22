import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasFfmpeg } from '../support/codecs.js';
import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { constantFlac } from '../support/hostile-flac.js';
import { silentOpus } from '../support/hostile-opus.js';

interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

interface Health {
  readonly status: string;
  readonly workers: readonly { readonly pid: number }[];
}

const MAX_UPLOAD_BYTES = 5 * 1024 * 1024;

/** A WAV of silence whose header tells `declared` samples while `present` follow. */
function wav(declared: number, present: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + declared * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(declared * 2, 40);
  return Buffer.concat([header, Buffer.alloc(present * 2)]);
}

/** A WAV with another number in its header, and another name of its last chunk. */
function patched(at: number, value: number, lastChunk = 'data'): Buffer {
  const file = wav(1_600, 1_600);
  file.write(lastChunk, 36);
  file.writeUInt32LE(value, at);
  return file;
}

/** Everything that a client can get wrong, against real weights and real processes. */
describe('bad input', () => {
  let chorus: ChorusProcess;
  let pids: readonly number[];

  beforeAll(async () => {
    chorus = await startChorus({ MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES) });
    pids = await workerPids();
  });

  afterAll(async () => {
    await chorus?.stop();
  });

  async function workerPids(): Promise<number[]> {
    const health = (await (await fetch(`${chorus.url}/health`)).json()) as Health;
    return health.workers.map((worker) => worker.pid);
  }

  function speak(fields: object | string): Promise<Response> {
    const body = typeof fields === 'string' ? fields : JSON.stringify(fields);
    const headers = { 'content-type': 'application/json' };
    return fetch(`${chorus.url}/v1/audio/speech`, { method: 'POST', headers, body });
  }

  function hear(file: Buffer | undefined, fields: Record<string, string> = {}): Promise<Response> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ model: 'whisper-1', ...fields })) {
      form.append(name, value);
    }
    if (file) form.append('file', new Blob([new Uint8Array(file)]), 'speech.wav');
    return fetch(`${chorus.url}/v1/audio/transcriptions`, { method: 'POST', body: form });
  }

  const good = { model: 'tts-1', voice: 'joe', input: 'Hello.' };

  it.each([
    ['an empty input', { ...good, input: '' }, 400, 'input', /empty/],
    ['an over-long input', { ...good, input: 'a'.repeat(4_097) }, 400, 'input', /4096/],
    ['an input without words', { ...good, input: '?! ...' }, 400, 'input', /spoken/],
    ['an unknown model', { ...good, model: 'nobody' }, 404, 'model', /piper-en-us-joe/],
    [
      'a model that is not configured',
      { ...good, model: 'kokoro-82m' },
      404,
      'model',
      /TTS_MODELS/,
    ],
    ['a model of another task', { ...good, model: 'whisper-tiny.en' }, 400, 'model', /piper/],
    ['an unknown voice', { ...good, voice: 'nobody' }, 400, 'voice', /joe/],
    ['an unknown format', { ...good, response_format: 'midi' }, 400, 'response_format', /mp3/],
    ['a speed below the bound', { ...good, speed: 0.1 }, 400, 'speed', /0\.25/],
    ['a speed above the bound', { ...good, speed: 5 }, 400, 'speed', /4/],
    ['broken JSON', '{"model": ', 400, null, /JSON/],
  ])('%s gets a clear answer', async (_, body, status, param, message) => {
    const answer = await speak(body);
    expect(answer.status).toBe(status);
    const { error } = (await answer.json()) as ErrorBody;
    expect(error.param).toBe(param);
    expect(error.message).toMatch(message);
    expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  });

  it.each([
    ['no file', undefined, 400, /file/],
    ['an empty file', Buffer.alloc(0), 400, /empty/],
    ['a text', Buffer.from('To be, or not to be, that is the question.'), 400, /not audio/],
    ['noise', randomBytes(100_000), 400, /audio/],
    ['a WAV without samples', wav(0, 0), 400, /audio/],
    ['a WAV that is cut off', wav(160_000, 16_000), 400, /declares|truncated|cut/i],
    ['half a WAV header', wav(0, 0).subarray(0, 30), 400, /audio/],
    ['a WAV whose format has 1.7 GB', patched(16, 0x66_66_66_66), 400, /format/],
    ['a WAV of 1 MHz', patched(24, 1_092_676), 400, /768000 Hz, not 1092676/],
    ['a WAV with a chunk that never ends', patched(40, 0x39_39_39_39, 'HURF'), 400, /before/],
    [
      'an MP3 header and noise',
      Buffer.concat([Buffer.from('ID3'), randomBytes(9_000)]),
      400,
      /audio/,
    ],
    [
      'a FLAC header and noise',
      Buffer.concat([Buffer.from('fLaC'), randomBytes(9_000)]),
      400,
      /audio/,
    ],
    [
      'an Ogg header and noise',
      Buffer.concat([Buffer.from('OggS'), randomBytes(9_000)]),
      // ffmpeg could read a codec that we do not know; without it nobody can tell.
      hasFfmpeg ? 400 : 415,
      hasFfmpeg ? /damaged/ : /ffmpeg/,
    ],
    ['an Opus bomb', silentOpus({ seconds: 3_600, channels: 255 }), 400, /1 to 8 channels/],
    [
      'a FLAC of twelve hours',
      constantFlac({ sampleRateHz: 8_000, frames: 6_000 }),
      400,
      /more than 6 hours/,
    ],
    ['a file over the cap', wav(3_000_000, 3_000_000), 413, new RegExp(String(MAX_UPLOAD_BYTES))],
  ])('%s as an upload gets a clear answer', async (_, file, status, message) => {
    const answer = await hear(file);
    const { error } = (await answer.json()) as ErrorBody;
    expect([answer.status, error.param]).toEqual([status, 'file']);
    expect(error.message).toMatch(message);
  });

  it('a language that the model has not is refused, naming one that has', async () => {
    const answer = await hear(wav(16_000, 16_000), { language: 'fr' });
    const { error } = (await answer.json()) as ErrorBody;
    expect([answer.status, error.param, error.code]).toEqual([
      400,
      'language',
      'unsupported_language',
    ]);
    expect(error.message).toMatch(/whisper-base/);
  });

  it('a second of silence is an empty transcript, and no error', async () => {
    const answer = await hear(wav(16_000, 16_000));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ text: '' });
  });

  it('leaves no file and no dead worker behind', async () => {
    await eventually(async () => {
      expect(await readdir(join(chorus.dataDir, 'spool'))).toEqual([]);
    });
    expect(await workerPids()).toEqual(pids);
    expect((await speak(good)).status).toBe(200);
  });
});
