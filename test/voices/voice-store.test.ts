import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import type { StoredVoice } from '../../src/voices/stored-voice.js';
import type { VoiceStore } from '../../src/voices/voice-store.js';
import { MediaProcess } from '../support/media-process.js';
import { noiseWav, VoicesHome } from '../support/voices.js';

const signal = new AbortController().signal;
const promptText = 'Words that are spoken.';

let media: MediaProcess;
let home: VoicesHome;
let store: VoiceStore;
let wav: string;

beforeAll(async () => {
  media = await MediaProcess.start(`/tmp/chorus-voices-media-${process.pid}.sock`);
});
beforeEach(async () => {
  home = await VoicesHome.make(media.client);
  store = await home.open();
  wav = await home.file('one.wav', noiseWav(1));
});
afterEach(() => home.remove());
afterAll(() => media.stop());

function add(name: string, audioPath = wav): Promise<StoredVoice> {
  return store.add({ name, promptText, audioPath, language: 'en' }, signal);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const caught: unknown = await work.catch((error: unknown) => error);
  return caught instanceof ChorusError ? caught.code : `no error: ${JSON.stringify(caught)}`;
}

function names(): string[] {
  return store.list().map(({ name }) => name);
}

describe('a registered voice', () => {
  test('is kept over a restart, its file under a name of our own', async () => {
    const before = Date.now();
    const voice = await add('Zoë ..-2');
    expect(voice).toMatchObject({ name: 'Zoë ..-2', language: 'en', promptText });
    expect(voice.origin).toBe('registered');
    expect(voice.createdAtMs).toBeGreaterThanOrEqual(before);
    expect(await readdir(home.recordings)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}\.wav$/)]);
    expect(await readFile(voice.audioPath)).toEqual(noiseWav(1));
    store = await home.open();
    expect(store.list()).toEqual([voice]);
    expect(store.get('Zoe\u0308 ..-2')).toEqual(voice);
    expect(home.lines.lines).toEqual([]);
  });

  test('may be an MP3 file', async () => {
    const long = await home.file('long.mp3', await readFile('test/fixtures/audio/tone.mp3'));
    expect((await add('tone', long)).audioPath).toMatch(/\.mp3$/);
  });

  test('has no language if none was given', async () => {
    const voice = await store.add({ name: 'joe', promptText, audioPath: wav }, signal);
    expect(voice).not.toHaveProperty('language');
    store = await home.open();
    expect(store.list()).toEqual([voice]);
  });

  test('has its name alone, also when two come at once', async () => {
    const codes = await Promise.all([codeOf(add('joe')), codeOf(add('joe')), codeOf(add('joe'))]);
    expect(codes.filter((code) => code === 'conflict')).toHaveLength(2);
    expect(await codeOf(add('joe'))).toBe('conflict');
    expect(names()).toEqual(['joe']);
    expect(await readdir(home.recordings)).toHaveLength(1);
  });

  test('goes with its file, and can come again', async () => {
    await add('joe');
    const twice = await Promise.all([codeOf(store.remove('joe')), codeOf(store.remove('joe'))]);
    expect(twice.filter((code) => code === 'speaker_not_found')).toHaveLength(1);
    expect([names(), await readdir(home.recordings)]).toEqual([[], []]);
    await add('joe');
    store = await home.open();
    expect(names()).toEqual(['joe']);
  });

  test.each(['../x', '..', 'a/b', '.joe', '', '🎙', 'x'.repeat(65)])(
    'cannot be named %j',
    async (name) => {
      expect(await codeOf(add(name))).toBe('invalid_value');
      expect(await codeOf(store.remove(name))).toBe('speaker_not_found');
      expect(store.get(name)).toBeUndefined();
      expect(await readdir(home.recordings)).toEqual([]);
    },
  );

  test.each([
    ['a text', 'undecodable_audio', Buffer.from('no audio at all')],
    ['nothing', 'empty_audio', Buffer.alloc(0)],
    ['half a header', 'undecodable_audio', noiseWav(1).subarray(0, 30)],
    ['a moment', 'invalid_value', noiseWav(0.4)],
    ['a speech', 'invalid_value', noiseWav(61)],
    ['too much', 'upload_too_large', Buffer.alloc(10 * 2 ** 20 + 1)],
  ])('cannot be %s: %s', async (_, code, bytes) => {
    const path = await home.file('bad', bytes);
    expect(await codeOf(add('joe', path))).toBe(code);
    expect([names(), await readdir(home.recordings)]).toEqual([[], []]);
  });

  test('cannot be another kind of audio', async () => {
    const refusal = add('joe', 'test/fixtures/audio/tone.flac');
    await expect(refusal).rejects.toMatchObject({
      code: 'undecodable_audio',
      message: 'prompt_audio must be a WAV or MP3 file.',
      details: { param: 'prompt_audio' },
    });
    expect(await readdir(home.recordings)).toEqual([]);
  });
});

describe('at the start', () => {
  test('files without a row are swept, and those of others are left alone', async () => {
    const { audioPath } = await add('joe');
    const orphan = '01234567-0123-0123-0123-0123456789ab';
    for (const name of [`${orphan}.wav`, `${orphan}.part`, `${orphan}.pcm`, 'notes.txt']) {
      await writeFile(join(home.recordings, name), 'left');
    }
    store = await home.open();
    expect(names()).toEqual(['joe']);
    const left = (await readdir(home.recordings)).map((name) => join(home.recordings, name));
    expect(new Set(left)).toEqual(new Set([audioPath, join(home.recordings, 'notes.txt')]));
    expect(home.lines.about('swept')).toMatchObject([{ files: 3 }]);
  });

  test('rows without a file are dropped, and the log says so without the name', async () => {
    const { audioPath } = await add('joe');
    await add('ann');
    await rm(audioPath);
    store = await home.open();
    expect(names()).toEqual(['ann']);
    expect(home.lines.about('lost its recording')).toMatchObject([{ level: 50 }]);
    expect(home.lines.lines.join('')).not.toContain('joe');
    store = await home.open();
    expect(home.lines.about('lost its recording')).toHaveLength(1);
  });

  test('recordings of a database that was damaged are moved aside, not deleted', async () => {
    await add('joe');
    await home.close();
    await writeFile(home.databasePath, Buffer.alloc(8_192, 'x'));
    store = await home.open();
    expect(names()).toEqual([]);
    const [told] = home.lines.about('no database knows');
    expect(await readdir(String(told?.['movedTo']))).toHaveLength(1);
    await add('joe');
    store = await home.open();
    expect(names()).toEqual(['joe']);
  });
});
