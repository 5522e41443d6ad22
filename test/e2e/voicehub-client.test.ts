import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { bareText } from '../support/live-whisper.js';
import { VoiceHubClient } from '../support/voicehub-client.js';

const TEXT = 'The quick brown fox jumps over the lazy dog.';
const NAME = '小明 the 1st';

/** Real weights, real processes, a client as VoiceHub's page has it. */
describe('VoiceHub', () => {
  let chorus: ChorusProcess;
  let client: VoiceHubClient;
  let recording: Buffer;

  beforeAll(async () => {
    recording = await readFile(join('test', 'fixtures', 'speech-16k.wav'));
    chorus = await startChorus({
      TTS_MODELS: 'piper-en-us-joe',
      ASR_MODELS: 'whisper-tiny.en',
      TTS_THREADS: '1',
      ASR_THREADS: '1',
    });
    client = new VoiceHubClient(chorus.url);
  });

  afterAll(async () => {
    expect(await chorus?.stop()).toBe(0);
  });

  async function hear(audio: Buffer): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(audio)]), 'speech.wav');
    form.append('model', 'whisper-1');
    const answer = await fetch(`${chorus.url}/v1/audio/transcriptions`, {
      method: 'POST',
      body: form,
    });
    return bareText(((await answer.json()) as { text: string }).text);
  }

  it('sees a healthy server, what it can do and what its machine does', async () => {
    expect(await client.health()).toEqual({
      isHealthy: true,
      modelLoaded: true,
      modelName: expect.any(String),
      modelVersion: expect.any(String),
      speakersCount: 0,
      availableModes: ['sft'],
      uptimeSeconds: expect.any(Number),
    });
    const number = expect.any(Number);
    expect(await client.metrics()).toMatchObject({
      cpu: { usage_percent: number, cores: number },
      memory: { total_gb: number, used_gb: number, available_gb: number, usage_percent: number },
      gpu: { available: expect.any(Boolean) },
      disk: { total_gb: number, used_gb: number, available_gb: number, usage_percent: number },
      network: {
        bytes_sent: number,
        bytes_recv: number,
        packets_sent: number,
        packets_recv: number,
      },
      timestamp: expect.any(String),
    });
  });

  it('speaks with a preset voice, slower where that is asked for', async () => {
    const usual = await client.speak({ mode: 'sft', text: TEXT, seed: 7 });
    const slow = await client.speak({ mode: 'sft', text: TEXT, seed: 7, speed: 0.5 });
    for (const { success, mode, audio_data, sample_rate, duration } of [usual, slow]) {
      expect({ success, mode }).toEqual({ success: true, mode: 'sft' });
      const wav = Buffer.from(audio_data, 'base64');
      expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
      expect(wav.readUInt32LE(24)).toBe(sample_rate);
      // Samples of 16 bits, after a header of 44 bytes.
      expect(duration).toBeCloseTo((wav.length - 44) / 2 / sample_rate, 2);
    }
    expect(slow.duration).toBeGreaterThan(1.5 * usual.duration);
    const said = bareText(TEXT).split(' ');
    const heard = new Set((await hear(Buffer.from(usual.audio_data, 'base64'))).split(' '));
    expect(said.filter((word) => heard.has(word)).length / said.length).toBeGreaterThan(0.7);
  });

  it('keeps voices, counts them and removes them', async () => {
    expect(await client.createSpeaker(NAME, 'What the recording says.', recording)).toEqual({
      success: true,
      speaker_id: NAME,
      message: expect.any(String),
    });
    expect(await client.listSpeakers()).toEqual({ speakers: [NAME], count: 1, mode: 'sft' });
    expect(await client.health()).toMatchObject({ speakersCount: 1 });
    const message = expect.any(String);
    expect(await client.deleteSpeaker(NAME)).toEqual({ success: true, message });
    expect(await client.listSpeakers()).toMatchObject({ speakers: [], count: 0 });
    await expect(client.deleteSpeaker(NAME)).rejects.toThrow(`404 Speaker '${NAME}' not found`);
  });

  it('is told in words what it cannot have', async () => {
    await client.createSpeaker('mine', 'What the recording says.', recording);
    const promptAudio = recording.toString('base64');
    const text = TEXT;
    const refusals = [
      [{ mode: 'zero_shot', text, speakerId: 'mine' }, /^501 .*model.*sft/],
      [{ mode: 'zero_shot', text, promptText: 'Words.', promptAudio }, /^501 .*model/],
      [{ mode: 'cross_lingual', text, promptAudio }, /^501 .*model/],
      [{ mode: 'instruct2', text, speakerId: 'mine', instructText: 'Sadly.' }, /^501 .*model/],
      [{ mode: 'zero_shot', text, promptAudio }, /^400 prompt_text required for zero_shot mode$/],
      [{ mode: 'instruct2', text }, /^400 speaker_id required for instruct2 mode$/],
      [{ mode: 'zero_shot', text, speakerId: 'nobody' }, /^40[04] Speaker 'nobody' not found$/],
      [{ mode: 'sft', text: '' }, /^422 .*text/],
      [{ mode: 'sft', text: 'x'.repeat(5_001) }, /^422 .*5,?000/],
      [{ mode: 'sft', text, speed: 9 }, /^422 .*speed/],
    ] as const;
    for (const [speech, expected] of refusals) {
      await expect(client.speak(speech)).rejects.toThrow(expected);
    }
    const noise = Buffer.from('this is no audio at all');
    await expect(client.createSpeaker('noise', 'Words.', noise)).rejects.toThrow(/^4\d\d .*audio/);
    expect(await client.listSpeakers()).toMatchObject({ speakers: ['mine'] });
  });
});
