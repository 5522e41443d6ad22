import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.js';
import { SettingsError } from '../../src/config/settings-error.js';
import type { Settings } from '../../src/config/settings.js';
import { FUNSPEECH_DEV, FUNSPEECH_PROD } from '../support/funspeech-settings.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'chorus-seed-'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

function load(env: NodeJS.ProcessEnv = {}): Settings {
  return loadSettings({ env, cwd });
}

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('examples of FunSpeech', () => {
  test('for development mean the same here', async () => {
    await writeFile(join(cwd, '.env'), FUNSPEECH_DEV);
    const cpu = { devices: { kind: 'list', devices: ['cpu'] } };
    expect(load()).toMatchObject({
      host: '0.0.0.0',
      port: 8000,
      debug: true,
      logLevel: 'debug',
      tts: cpu,
      asr: cpu,
      ttsModelMode: 'cosyvoice1',
      appTokens: [],
      appKeys: [],
    });
  });

  test('for production mean the same here', async () => {
    await writeFile(join(cwd, '.env'), FUNSPEECH_PROD);
    const first = { devices: { kind: 'list', devices: ['0'] } };
    expect(load()).toMatchObject({
      host: '0.0.0.0',
      debug: false,
      logLevel: 'warn',
      logMaxBytes: 52_428_800,
      logBackupCount: 30,
      tts: first,
      asr: first,
      ttsModelMode: 'all',
      appTokens: ['your_production_token_here'],
      appKeys: ['your_production_appkey_here'],
      nearField: { isEnabled: true, rmsThreshold: 0.01, isLogged: false },
    });
  });

  test('an empty token or appkey is none', async () => {
    await writeFile(join(cwd, '.env'), 'APPTOKEN=\nAPPKEY=""\n');
    expect(load()).toMatchObject({ appTokens: [], appKeys: [] });
  });
});

describe('what FunSpeech takes', () => {
  test.each([
    ['TTS_MODEL_MODE', ['all', 'cosyvoice1', 'cosyvoice2'], 'ttsModelMode'],
    ['CLONE_MODEL_VERSION', ['cosyvoice2', 'cosyvoice3'], 'cloneModelVersion'],
    ['ASR_MODEL_MODE', ['all', 'realtime', 'offline'], 'asrModelMode'],
  ] as const)('%s is one of %j, and nothing else', (name, known, field) => {
    for (const text of known) {
      expect(load({ [name]: text })[field]).toBe(text);
      expect(load({ [name]: text.toUpperCase() })[field]).toBe(text);
    }
    for (const text of ['cosyvoice9', 'toString', `${known[0]},${known[1]}`]) {
      expect(problems({ [name]: text })).toEqual([
        `${name}=${text} (environment) must be one of ${known.join(', ')}. ` +
          `Correct it, or remove it for the default ${known[0]}.`,
      ]);
    }
  });

  test.each([
    ['ASR_ENABLE_REALTIME_PUNC', 'true', { realtimePunctuation: true }],
    ['ASR_ENABLE_REALTIME_PUNC', 'False', { realtimePunctuation: false }],
    ['ASR_ENABLE_NEARFIELD_FILTER', 'false', { nearField: { isEnabled: false } }],
    ['ASR_NEARFIELD_RMS_THRESHOLD', '0.005', { nearField: { rmsThreshold: 0.005 } }],
    ['ASR_NEARFIELD_RMS_THRESHOLD', '0.05', { nearField: { rmsThreshold: 0.05 } }],
    ['ASR_NEARFIELD_FILTER_LOG_ENABLED', 'false', { nearField: { isLogged: false } }],
    ['COSYVOICE3_MODEL_ID', 'me/My-Voice.v2', { cosyvoice3ModelId: 'me/My-Voice.v2' }],
    ['WORKERS', '2', { tts: { replicas: 2 }, asr: { replicas: 2 } }],
    ['INFERENCE_THREAD_POOL_SIZE', '4', { tts: { capacity: 4 }, asr: { capacity: 4 } }],
    ['APPTOKEN', 'my_secret_token_2024', { appTokens: ['my_secret_token_2024'] }],
    ['APPKEY', 'old,new', { appKeys: ['old', 'new'] }],
  ])('%s=%s', (name, text, meaning) => {
    expect(load({ [name]: text })).toMatchObject(meaning);
  });

  test.each([
    ['ASR_NEARFIELD_RMS_THRESHOLD', '1.1'],
    ['ASR_NEARFIELD_RMS_THRESHOLD', '-0.01'],
    ['ASR_ENABLE_NEARFIELD_FILTER', 'maybe'],
    ['COSYVOICE3_MODEL_ID', 'no-owner'],
    ['COSYVOICE3_MODEL_ID', '../../etc/passwd'],
    ['WORKERS', '0'],
    ['INFERENCE_THREAD_POOL_SIZE', 'many'],
  ])('%s=%s is refused by name', (name, text) => {
    expect(problems({ [name]: text })).toEqual([expect.stringContaining(`${name}=${text} `)]);
  });

  test('copies of a model come from WORKERS only, places from INFERENCE_THREAD_POOL_SIZE only', () => {
    const { tts, asr } = load({ WORKERS: '2', INFERENCE_THREAD_POOL_SIZE: '16' });
    for (const service of [tts, asr]) {
      expect(service).toMatchObject({ replicas: 2, capacity: 16, threads: undefined });
    }
    expect(load({ INFERENCE_THREAD_POOL_SIZE: '16' }).tts.replicas).toBeUndefined();
  });

  test('values of tokens are never printed', () => {
    const found = problems({ APPTOKEN: 'my secret', APPKEY: 'mÿ-key', NOTIFY_SECRET: 'a b' });
    expect(found).toHaveLength(3);
    expect(found.join(' ')).not.toMatch(/my secret|mÿ-key|a b/);
  });
});
