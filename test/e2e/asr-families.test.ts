import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { streamedWavHeader } from '../../src/audio/wav-header.js';
import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { writeOnlineParaformer, writeSenseVoice } from '../support/small-recognizers.js';
import { toneSpeech } from '../support/tone-speech.js';

/** Small models of the families in a server as a user starts it: decoded, placed, heard, answered. */
describe('a server with SenseVoice and Paraformer', () => {
  let modelsDir = '';
  let chorus: ChorusProcess;

  beforeAll(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), 'chorus-families-'));
    await writeSenseVoice(join(modelsDir, 'sense'), 'sherpa');
    await writeCard('sense', 'sensevoice');
    await writeOnlineParaformer(join(modelsDir, 'para'), 'funasr');
    await writeCard('para', 'paraformer');
    const settings = { TTS_MODELS: 'none', ASR_MODELS: 'sense,para', MODELS_DIR: modelsDir };
    chorus = await startChorus(settings);
  });

  afterAll(async () => {
    expect(await chorus?.stop()).toBe(0);
    await rm(modelsDir, { recursive: true });
  });

  async function writeCard(id: string, engine: string): Promise<void> {
    const dir = join(modelsDir, id);
    await mkdir(dir, { recursive: true });
    const files = (await readdir(dir)).map(async (path) => {
      const content = await readFile(join(dir, path));
      const sha256 = createHash('sha256').update(content).digest('hex');
      return { path, bytes: content.length, sha256 };
    });
    const card = {
      id,
      name: id,
      description: 'Hears tones.',
      task: 'asr',
      engine,
      licence: 'none',
      languages: ['zh', 'en'],
      files: await Promise.all(files),
    };
    await writeFile(join(dir, 'model.yaml'), JSON.stringify(card));
  }

  async function transcribe(model: string, pcm: Int16Array): Promise<Record<string, unknown>> {
    const form = new FormData();
    form.set('file', new Blob([streamedWavHeader(16_000), pcm]), 'speech.wav');
    form.set('model', model);
    form.set('response_format', 'verbose_json');
    const address = `${chorus.url}/v1/audio/transcriptions`;
    const response = await fetch(address, { method: 'POST', body: form });
    return (await response.json()) as Record<string, unknown>;
  }

  it('writes down a file with each', async () => {
    const tones = (...list: number[]) =>
      toneSpeech(list.flatMap((tone) => [{ rows: 2 }, { tone, rows: 8 }]));
    expect(await transcribe('sense', tones(3, 4, 2))).toMatchObject({
      language: 'english',
      text: '你好。',
      segments: [{ text: '你好。', tokens: [11, 12, 10] }],
    });
    expect(await transcribe('para', tones(0, 1, 2, 3))).toMatchObject({
      language: 'chinese',
      text: '始好 hello',
    });
  });
});
