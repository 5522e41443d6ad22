import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { speaker } from '../support/voicehub-door.js';
import { noiseWav } from '../support/voices.js';

/** A server of real processes and a real voice, started again and again on the same data. */

let folder: string;
let settings: Record<string, string>;
let chorus: ChorusProcess;

async function start(): Promise<void> {
  chorus = await startChorus(settings);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-voicehub-'));
  settings = { DATA_DIR: join(folder, 'data'), VOICES_DIR: folder, ASR_MODELS: 'none' };
  await start();
});
afterAll(async () => {
  await chorus.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${chorus.url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

function register(fields: object): Promise<Record<string, unknown>> {
  return ask('POST', '/speakers', { ...speaker, ...fields });
}

test('a preset voice speaks a whole WAV file', async () => {
  const answer = await ask('POST', '/tts', { mode: 'sft', text: 'Hello from Chorus.' });
  expect(answer).toMatchObject({ status: 200, success: true, sample_rate: 22_050, mode: 'sft' });
  const wav = Buffer.from(String(answer['audio_data']), 'base64');
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
  expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
  expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
  expect(answer['duration']).toBeCloseTo((wav.length - 44) / 2 / 22_050, 3);
  expect(Number(answer['duration'])).toBeGreaterThan(0.8);
});

test('voices are there again after a restart, and after a SIGKILL', async () => {
  await writeFile(join(folder, 'bob.wav'), noiseWav(1));
  await writeFile(join(folder, 'bob.txt'), 'Words of Bob.');
  const mp3 = (await readFile('test/fixtures/audio/tone.mp3')).toString('base64');
  expect(await register({ speaker_id: 'ann' })).toMatchObject({ status: 200, speaker_id: 'ann' });
  expect(await register({ speaker_id: '中文 1', prompt_audio: mp3 })).toMatchObject({
    status: 200,
  });
  expect(await register({ speaker_id: 'gone' })).toMatchObject({ status: 200 });
  expect(await ask('DELETE', '/speakers/gone')).toMatchObject({ status: 200, success: true });
  expect(await chorus.stop()).toBe(0);
  expect(await readdir(settings['DATA_DIR'] ?? '')).toContain('chorus.db');
  await start();
  const all = ['ann', 'bob', '中文 1'];
  expect(await ask('GET', '/speakers')).toMatchObject({ speakers: all, count: 3, mode: 'sft' });
  expect(await ask('GET', '/health')).toMatchObject({
    speakers_count: 3,
    available_modes: ['sft'],
  });
  // Killed while it registers more.
  const begun = ['c', 'd', 'e'].map((speaker_id) =>
    register({ speaker_id }).catch(() => undefined),
  );
  await Promise.any(begun);
  chorus.process.kill('SIGKILL');
  const told = (await Promise.all(begun)).flatMap((one) =>
    one ? [String(one['speaker_id'])] : [],
  );
  await chorus.exited;
  await start();
  const { speakers } = await ask('GET', '/speakers');
  expect(speakers).toEqual(expect.arrayContaining([...all, ...told]));
  const files = await readdir(join(settings['DATA_DIR'] ?? '', 'voices'));
  expect(files).toHaveLength((speakers as string[]).length - 1);
});

test('what only a clone could speak is refused, whatever the recording', async () => {
  const { prompt_text, prompt_audio } = speaker;
  const asked = { mode: 'zero_shot', text: 'Hello.', prompt_text, prompt_audio };
  expect(await ask('POST', '/tts', asked)).toMatchObject({
    status: 501,
    detail: expect.stringMatching(/^Mode zero_shot needs a model that clones voices/),
  });
  const flac = (await readFile('test/fixtures/audio/tone.flac')).toString('base64');
  expect(await ask('POST', '/tts', { ...asked, prompt_audio: flac })).toMatchObject({
    status: 400,
    detail: 'prompt_audio must be a WAV or MP3 file.',
  });
});
