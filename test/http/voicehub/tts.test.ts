import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { wavHeader } from '../../../src/audio/wav-header.js';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { SpeechEvent } from '../../../src/protocol/requests.js';
import { audio, done, sends } from '../../support/scripted-speech.js';
import { RECORDING, refusalOf, VoiceHubDoor } from '../../support/voicehub-door.js';
import { noiseWav } from '../../support/voices.js';

const start16: SpeechEvent = {
  type: 'start',
  sampleRateHz: 22_050,
  deterministic: false,
  isS16: true,
};
const sft = { mode: 'sft', text: 'Hello.' };

let hub: VoiceHubDoor;
beforeEach(async () => {
  hub = await VoiceHubDoor.open();
  hub.door.router.script = sends([start16, audio('one '), audio('tw'), done]);
});
afterEach(() => hub.close());

function tts(fields: Readonly<Record<string, unknown>>): Promise<Response> {
  return hub.door.postJson('/tts', fields);
}

function asked(): unknown[] {
  return hub.door.router.leases.flatMap((lease) => lease.asked);
}

describe('speech with a preset voice', () => {
  test('is a whole WAV file inside of JSON', async () => {
    const handled = hub.door.handled();
    const response = await tts(sft);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
    expect(response.headers.get('x-chorus-model')).toBe('voice-model');
    const wav = Buffer.concat([wavHeader(22_050, 6), Buffer.from('one tw')]);
    expect(JSON.parse(text)).toEqual({
      success: true,
      audio_data: wav.toString('base64'),
      sample_rate: 22_050,
      duration: 0,
      mode: 'sft',
    });
    await handled;
    expect(hub.door.router.leases[0]?.releases).toBe(1);
    expect(await hub.door.spooled()).toEqual([]);
  });

  test.each([100_000, 49_108, 49_110, 1_000_000])('has all of %d bytes of sound', async (bytes) => {
    const pcm = noiseWav(60).subarray(44, 44 + bytes);
    hub.door.router.script = sends([start16, { type: 'audio', pcm }, done]);
    const response = await tts(sft);
    const body = (await response.json()) as Record<string, unknown>;
    const wav = Buffer.concat([wavHeader(22_050, bytes), pcm]);
    expect(body['audio_data']).toBe(wav.toString('base64'));
    expect(body['duration']).toBeCloseTo(bytes / 2 / 22_050, 3);
  });

  test('is asked of the worker as the client asks', async () => {
    await (await tts({ ...sft, speaker_id: 'alloy', speed: 1.5, seed: 7 })).text();
    await (await tts({ ...sft, text: 'a\0b\uD800', speaker_id: '', prompt_text: '' })).text();
    expect(asked()).toMatchObject([
      { model: 'voice-model', voice: 'joe', text: 'Hello.', speed: 1.5, seed: 7 },
      { model: 'voice-model', voice: 'joe', text: 'a b\uFFFD', speed: 1 },
    ]);
    expect(asked()[1]).not.toHaveProperty('seed');
  });

  test('that fails is an error, not half an answer', async () => {
    const failure = new ChorusError('model_failed', 'The model broke.');
    hub.door.router.script = sends([start16, audio('one ')], failure);
    expect(await refusalOf(await tts(sft))).toEqual([503, 'The model broke.']);
    expect(await hub.door.spooled()).toEqual([]);
  });

  test('ends when its client goes', async () => {
    const handled = hub.door.handled();
    hub.door.router.script = {
      async *speak(_, signal) {
        yield start16;
        yield audio('one ');
        await once(signal, 'abort');
        throw new ChorusError('canceled', 'gone');
      },
    };
    const request = httpRequest(`${hub.door.url}/tts`, { method: 'POST' });
    request.on('error', () => undefined);
    request.end(JSON.stringify(sft));
    await expect.poll(() => asked().length).toBe(1);
    request.destroy();
    await handled;
    expect(hub.door.router.leases[0]?.releases).toBe(1);
    expect(await hub.door.spooled()).toEqual([]);
  });
});

describe('a request is refused', () => {
  const clone = { text: 'Hello.', prompt_text: 'Words.', prompt_audio: RECORDING };
  const broken = Buffer.from('noise').toString('base64');

  test.each([
    [422, 'The field mode is missing.', { text: 'Hello.' }],
    [
      422,
      'mode must be one of zero_shot, cross_lingual, instruct2, sft.',
      { mode: 'sing', text: 'Hello.' },
    ],
    [422, 'The field text is missing.', { mode: 'sft' }],
    [422, 'text must not be empty.', { mode: 'sft', text: ' \n' }],
    [422, 'text must have 1 to 5000 characters.', { mode: 'sft', text: 'x'.repeat(5_001) }],
    [422, 'speed must be a number from 0.5 to 2.0.', { ...sft, speed: 0.4 }],
    [422, 'speed must be a number from 0.5 to 2.0.', { ...sft, speed: '1' }],
    [422, 'seed must be a whole number from 0 to 4294967295.', { ...sft, seed: 1.5 }],
    [422, 'speaker_id must be a string.', { ...sft, speaker_id: 7 }],
    [404, "Speaker 'nobody' not found", { ...sft, speaker_id: 'nobody' }],
    [404, "Speaker '../joe' not found", { ...sft, speaker_id: '../joe' }],
    [
      400,
      'prompt_text required for zero_shot mode',
      { ...clone, mode: 'zero_shot', prompt_text: undefined },
    ],
    [
      400,
      'prompt_audio required for zero_shot mode',
      { ...clone, mode: 'zero_shot', prompt_audio: '' },
    ],
    [400, 'prompt_audio required for cross_lingual mode', { text: 'a', mode: 'cross_lingual' }],
    [400, 'speaker_id required for instruct2 mode', { text: 'a', mode: 'instruct2' }],
    [
      400,
      'instruct_text required for instruct2 mode',
      { text: 'a', mode: 'instruct2', speaker_id: 'ann' },
    ],
    [
      404,
      "Speaker 'x' not found",
      { text: 'a', mode: 'instruct2', speaker_id: 'x', instruct_text: 'y' },
    ],
    [404, "Speaker 'joe' not found", { text: 'a', mode: 'zero_shot', speaker_id: 'joe' }],
    [
      400,
      'prompt_audio must be base64, alone or as a data: URL.',
      { ...clone, mode: 'zero_shot', prompt_audio: '***' },
    ],
    [
      400,
      'prompt_audio is no WAV or MP3 file that decodes.',
      { ...clone, mode: 'zero_shot', prompt_audio: broken },
    ],
    [
      422,
      'prompt_text must have 1 to 500 characters.',
      { ...clone, mode: 'zero_shot', prompt_text: 'x'.repeat(501) },
    ],
  ])('%d: %s', async (status, detail, fields) => {
    await hub.register();
    expect(await refusalOf(await tts(fields))).toEqual([status, detail]);
    expect(asked()).toEqual([]);
    expect(await hub.door.spooled()).toEqual([]);
  });

  test('if its text is too long in characters, not in UTF-16', async () => {
    expect((await tts({ ...sft, text: '𠀀'.repeat(5_000) })).status).toBe(200);
    expect((await tts({ ...sft, text: '𠀀'.repeat(5_001) })).status).toBe(422);
  });

  test.each([
    [/^Mode zero_shot needs a model that clones voices\./, { ...clone, mode: 'zero_shot' }],
    [/^Mode cross_lingual needs/, { ...clone, mode: 'cross_lingual', prompt_text: undefined }],
    [/^Mode zero_shot needs/, { mode: 'zero_shot', text: 'a', speaker_id: 'ann' }],
    [
      /^Mode instruct2 needs a model that clones voices and obeys instructions\./,
      { mode: 'instruct2', text: 'a', speaker_id: 'ann', instruct_text: 'b' },
    ],
    [/^Speaker 'ann' has a recording, and needs a model/, { ...sft, speaker_id: 'ann' }],
  ])('when only a clone could speak: %s', async (reason, fields) => {
    await hub.register();
    const [status, detail] = await refusalOf(await tts(fields));
    expect(status).toBe(501);
    expect(detail).toMatch(reason);
    expect(detail).toContain('CosyVoice2-0.5B, which CLONE_MODEL_VERSION=cosyvoice2 means');
    expect(detail).toContain('Mode sft works now, with joe.');
    expect(asked()).toEqual([]);
  });
});

describe('TTS_MODEL_MODE', () => {
  const clone = { mode: 'zero_shot', text: 'a', prompt_text: 'b', prompt_audio: RECORDING };

  async function reopen(options: Parameters<typeof VoiceHubDoor.open>[0]): Promise<void> {
    await hub.close();
    hub = await VoiceHubDoor.open(options);
    hub.door.router.script = sends([start16, audio('one '), done]);
  }

  test('cosyvoice1 has preset voices only', async () => {
    await reopen({ ttsModelMode: 'cosyvoice1' });
    expect((await tts(sft)).status).toBe(200);
    const [status, detail] = await refusalOf(await tts(clone));
    expect([status, detail]).toEqual([501, expect.stringContaining('preset voices only')]);
  });

  test('cosyvoice2 has cloned voices only', async () => {
    await reopen({ ttsModelMode: 'cosyvoice2', cloneModelVersion: 'cosyvoice3' });
    const [status, detail] = await refusalOf(await tts(sft));
    expect(status).toBe(501);
    expect(detail).toMatch(/^Mode sft is off\..*owner\/clone-3.*no preset voices/);
    expect((await refusalOf(await tts({ ...sft, speaker_id: 'nobody' })))[0]).toBe(404);
    const listed = (await (await hub.door.get('/speakers')).json()) as Record<string, unknown>;
    expect(listed['mode']).toBe('zero_shot');
    const health = (await (await hub.door.get('/health')).json()) as Record<string, unknown>;
    expect(health['available_modes']).toEqual([]);
    expect(asked()).toEqual([]);
  });
});
