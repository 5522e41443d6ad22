import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { writeCut } from '../../../src/models/piper/write-cut.js';
import { smallVoice, writeVoice } from '../../support/small-voice.js';

const MAIN = resolve('dist/src/cli/main.js');
const REASON = 'it has no transposed convolution: not a known decoder';

let modelsDir: string;
beforeAll(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'chorus-models-'));
  const dir = join(modelsDir, 'own');
  await writeVoice(dir, smallVoice());
  await writeCut(dir, { format: 2, streaming: 'sentences', reason: REASON });
  const card = {
    id: 'own',
    name: 'Own',
    description: 'A voice of a test.',
    task: 'tts',
    engine: 'piper',
    licence: 'MIT',
    languages: ['en'],
    sampleRateHz: 22_050,
    voices: [{ id: 'me', name: 'Me', language: 'en-US' }],
    files: [{ path: 'model.onnx', bytes: 1, sha256: 'a'.repeat(64) }],
  };
  await writeFile(join(dir, 'model.yaml'), JSON.stringify(card));
});
afterAll(() => rm(modelsDir, { recursive: true }));

async function models(...parameters: readonly string[]): Promise<string> {
  // No server listens there.
  const env = { ...process.env, MODELS_DIR: modelsDir, PORT: '0' };
  const command = [MAIN, 'models', ...parameters];
  return (await promisify(execFile)(process.execPath, command, { env })).stdout;
}

describe('chorus models', () => {
  test('says which voices stream inside sentences, and why the others do not', async () => {
    const text = await models();
    expect(text).toMatch(/^MODEL .* PRECISION .* STATE +STREAMS$/m);
    expect(text).toMatch(/^whisper-base .* int8 +150\.2 MB/m);
    expect(text).toMatch(/^own .* by sentence$/m);
    expect(text).toContain(`own streams whole sentences: ${REASON}.`);
    expect(text).toContain(
      'piper-en-us-joe streams whole sentences: its graph is not cut yet: ' +
        'run `chorus pull piper-en-us-joe`.',
    );
    expect(text).toMatch(/^whisper-tiny\.en .* not pulled$/m);
  });

  test('says it to programs', async () => {
    const listed = JSON.parse(await models('--json')) as { id: string; streaming?: unknown }[];
    const streaming = new Map(listed.map((one) => [one.id, one.streaming]));
    expect(streaming.get('own')).toEqual({ unit: 'sentences', reason: REASON });
    expect(streaming.get('kokoro-82m')).toMatchObject({ unit: 'sentences' });
    expect(streaming.get('whisper-base')).toBeUndefined();
    expect(listed[0]).not.toHaveProperty('running');
  });
});
