import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.js';
import { SettingsError } from '../../src/config/settings-error.js';
import type { Settings } from '../../src/config/settings.js';
import { SETTING_NAMES } from '../../src/config/table.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'chorus-settings-'));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

function load(env: NodeJS.ProcessEnv = {}): Settings {
  return loadSettings({ env, cwd });
}

function problems(env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function write(name: string, text: string): Promise<void> {
  return writeFile(join(cwd, name), text);
}

describe('defaults', () => {
  test('are those of the contract', () => {
    const sizing = { replicas: undefined, threads: undefined, precision: 'auto' };
    const service = { devices: { kind: 'auto' }, ...sizing };
    expect(load()).toEqual({
      host: '127.0.0.1',
      port: 8000,
      publicUrl: undefined,
      tts: { ...service, models: ['piper-en-us-joe'], capacity: 8 },
      asr: { ...service, models: ['whisper-tiny.en'], capacity: 4 },
      requireGpu: false,
      maxStreams: 256,
      maxQueue: 256,
      queueTimeoutMs: 30_000,
      drainTimeoutMs: 30_000,
      stepTimeoutMs: 120_000,
      nvmlLibrary: undefined,
      gpuMemoryLimitBytes: undefined,
      leakGrowthBytes: 512 * 1024 * 1024,
      leakRecycle: false,
      maxUploadBytes: 512 * 1024 * 1024,
      modelsDir: join(cwd, 'models'),
      dataDir: join(cwd, 'data'),
      voicesDir: join(cwd, 'voices'),
      cudaDir: join(cwd, 'cuda'),
      cacheDir: join(homedir(), '.cache/chorus'),
      logFile: join(cwd, 'logs/chorus.log'),
      logMaxBytes: 20_971_520,
      logBackupCount: 50,
      logLevel: 'info',
      ttsModelMode: 'all',
      cloneModelVersion: 'cosyvoice2',
      cosyvoice3ModelId: 'FunAudioLLM/Fun-CosyVoice3-0.5B-2512',
      asrModelMode: 'all',
      realtimePunctuation: false,
      nearField: { isEnabled: true, rmsThreshold: 0.01, isLogged: true },
      fetchAllowHosts: [],
      asyncJobs: { retentionHours: 24, maxBytes: 4 * 1024 ** 3, notifySecret: undefined },
      apiKeys: [],
      appTokens: [],
      appKeys: [],
      adminKeys: [],
      hfEndpoint: 'https://huggingface.co',
      hfToken: undefined,
      modelSources: undefined,
      debug: false,
    });
  });

  test('and everything else is frozen, all the way down', () => {
    const settings = load({ TTS_GPUS: 'cpu,cpu' });
    const frozen = [settings, settings.tts, settings.tts.models, settings.tts.devices];
    expect(frozen.map((value) => Object.isFrozen(value))).toEqual([true, true, true, true]);
  });
});

describe('places', () => {
  test('the environment wins over .env, and .env over chorus.yaml', async () => {
    await write('.env', 'PORT=2\nHOST="0.0.0.0" # all\n');
    await write('chorus.yaml', 'port: 3\nhost: ::1\nmax_queue: 7\n');
    expect(load({ PORT: '1' })).toMatchObject({ port: 1, host: '0.0.0.0', maxQueue: 7 });
  });

  test('an empty value does not hide the one behind it', async () => {
    await write('.env', 'API_KEYS=secret-1,secret-2\n');
    expect(load({ API_KEYS: '', TTS_GPUS: ' ' })).toMatchObject({
      apiKeys: ['secret-1', 'secret-2'],
      tts: { devices: { kind: 'auto' } },
    });
  });

  test('chorus.yaml takes lists, and keeps scalars as they are written', async () => {
    await write(
      'chorus.yaml',
      'API_KEYS: [0123, 1e3]\ntts_gpus: [0, 1]\ndebug: yes\nhf_token: ~\n',
    );
    expect(load()).toMatchObject({
      apiKeys: ['0123', '1e3'],
      tts: { devices: { kind: 'list', devices: ['0', '1'] } },
      debug: true,
      hfToken: undefined,
    });
  });

  test.each(['', '# only a comment\n', '\uFEFFport: 3\n'])('reads chorus.yaml %j', async (text) => {
    await write('chorus.yaml', text);
    expect(problems()).toEqual([]);
  });

  test.each([
    { text: '- port\n', says: /^chorus\.yaml cannot be read: it must be a mapping/ },
    { text: 'port: [1\n', says: /^chorus\.yaml cannot be read: / },
    { text: 'port: {a: 1}\n', says: /^PORT in chorus\.yaml must be a value or a list/ },
    { text: 'port: 1\nPORT: 2\n', says: /^chorus\.yaml sets PORT twice/ },
  ])('refuses chorus.yaml $text', async ({ text, says }) => {
    await write('chorus.yaml', text);
    expect(problems()).toEqual([expect.stringMatching(says)]);
  });

  test.each(['.env', 'chorus.yaml'])(
    'refuses unknown names in %s and lists the known',
    async (at) => {
      await write(at, at === '.env' ? 'TTS_GPU=cpu\nFOO=1\n' : 'tts_gpu: cpu\nFOO: 1\n');
      const [problem = '', ...others] = problems();
      expect(others).toEqual([]);
      expect(problem).toMatch(/: FOO, tts_gpu \(did you mean TTS_GPUS\?\)\. Correct/i);
      for (const name of SETTING_NAMES) expect(problem).toContain(name);
    },
  );

  test('leaves foreign variables of the environment alone, but not slips', () => {
    expect(
      problems({ PATH: '/bin', TTS_PORT: 'tcp://10.0.0.1:80', ASR_SERVICE_HOST: 'x' }),
    ).toEqual([]);
    expect(problems({ ASR_MODEL: 'whisper-base' })).toEqual([
      expect.stringContaining('ASR_MODEL (did you mean ASR_MODELS?)'),
    ]);
  });
});

describe('values', () => {
  test('all problems are told at once', () => {
    const found = problems({ PORT: '99999', DEBUG: 'maybe', TTS_GPUS: 'gpu' });
    expect(found).toEqual([
      'PORT=99999 (environment) must be a whole number from 0 to 65535. ' +
        'Correct it, or remove it for the default 8000.',
      expect.stringMatching(/^TTS_GPUS=gpu \(environment\) must be auto, cpu, GPU numbers/),
      expect.stringMatching(/^DEBUG=maybe \(environment\) must be true, false, 1, 0, yes or no/),
    ]);
  });

  test('secrets are not printed', () => {
    const found = problems({ API_KEYS: 'one two', HF_TOKEN: 'pâté', ADMIN_KEYS: 'a,,b' });
    expect(found).toHaveLength(3);
    expect(found.join(' ')).not.toMatch(/one two|pâté|a,,b/);
  });

  test.each([
    ['PORT', '0', 'port', 0],
    ['MAX_UPLOAD_BYTES', '100MB', 'maxUploadBytes', 100_000_000],
    ['MAX_UPLOAD_BYTES', '1.5 GiB', 'maxUploadBytes', 1_610_612_736],
    ['MAX_UPLOAD_BYTES', '1048576', 'maxUploadBytes', 1_048_576],
    ['LOG_LEVEL', 'WARNING', 'logLevel', 'warn'],
    ['LOG_LEVEL', 'Warning', 'logLevel', 'warn'],
    ['LOG_MAX_BYTES', '20971520', 'logMaxBytes', 20_971_520],
    ['LOG_MAX_BYTES', '0', 'logMaxBytes', 0],
    ['LOG_BACKUP_COUNT', '0', 'logBackupCount', 0],
    ['LOG_LEVEL', 'CRITICAL', 'logLevel', 'fatal'],
    ['LOG_FILE', 'none', 'logFile', undefined],
    ['MODELS_DIR', '/srv/models', 'modelsDir', '/srv/models'],
    ['MODELS_DIR', '~/models', 'modelsDir', join(homedir(), 'models')],
    ['PUBLIC_URL', 'https://speech.example/', 'publicUrl', 'https://speech.example'],
    ['MODEL_SOURCES', 'npm, huggingface', 'modelSources', ['npm', 'huggingface']],
    ['REQUIRE_GPU', 'YES', 'requireGpu', true],
    ['HOST', '::', 'host', '::'],
  ] as const)('%s=%s', (name, text, field, value) => {
    expect(load({ [name]: text })[field]).toEqual(value);
  });

  test.each([
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['MAX_UPLOAD_BYTES', '0'],
    ['MAX_UPLOAD_BYTES', '1.5'],
    ['MAX_UPLOAD_BYTES', '5 apples'],
    ['QUEUE_TIMEOUT_MS', '2147483648'],
    ['LOG_MAX_BYTES', '-1'],
    ['LOG_BACKUP_COUNT', '1.5'],
    ['LOG_BACKUP_COUNT', '1001'],
    ['LOG_LEVEL', 'constructor'],
    ['LOG_LEVEL', 'loud'],
    ['DEBUG', 'toString'],
    ['HOST', 'http://localhost'],
    ['HOST', 'localhost:80'],
    ['PUBLIC_URL', 'ftp://x'],
    ['HF_ENDPOINT', 'huggingface.co'],
    ['MODEL_SOURCES', 'npm,npm'],
    ['MODEL_SOURCES', 'torrent'],
    ['TTS_MODELS', 'none,kokoro-82m'],
    ['TTS_MODELS', 'a,a'],
    ['TTS_MODELS', '../a b'],
    ['TTS_MODELS', 'a,'],
    ['TTS_REPLICAS', '0'],
  ])('%s=%s is refused by name', (name, text) => {
    expect(problems({ [name]: text })).toEqual([expect.stringContaining(`${name}=${text} `)]);
  });

  test('none switches one service off, but not both', () => {
    expect(load({ TTS_MODELS: 'none' }).tts.models).toEqual([]);
    expect(problems({ TTS_MODELS: 'none', ASR_MODELS: 'NONE' })).toEqual([
      'TTS_MODELS=none and ASR_MODELS=none leave nothing to serve. Name a model.',
    ]);
  });

  test("the seed's names stand in for the finer ones", () => {
    const settings = load({
      WORKERS: '3',
      ASR_REPLICAS: '1',
      INFERENCE_THREAD_POOL_SIZE: '16',
      TTS_CAPACITY: '2',
    });
    expect(settings.tts).toMatchObject({ replicas: 3, capacity: 2 });
    expect(settings.asr).toMatchObject({ replicas: 1, capacity: 16 });
  });
});

describe('devices', () => {
  const gpu = 'GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f';
  test.each([
    ['cpu', ['cpu']],
    ['CPU,cpu', ['cpu', 'cpu']],
    ['0', ['0']],
    ['0, 1,2', ['0', '1', '2']],
    ['0,0', ['0', '0']],
    [
      `${gpu},MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f`,
      [gpu, 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f'],
    ],
  ])('%s', (text, devices) => {
    expect(load({ TTS_GPUS: text }).tts.devices).toEqual({ kind: 'list', devices });
  });

  test.each(['gpu', 'cuda:0', '-1', '01', '0,,1', '0,auto', '0;1', 'GPU-', '99999'])(
    '%s is refused',
    (text) => {
      expect(problems({ ASR_GPUS: text })).toEqual([
        expect.stringContaining(`ASR_GPUS=${text} (environment) must be auto, cpu, GPU numbers`),
      ]);
    },
  );
});
