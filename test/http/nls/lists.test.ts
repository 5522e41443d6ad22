import { afterEach, describe, expect, test } from 'vitest';
import type { ServerStatus } from '../../../src/protocol/status.js';
import { Door, type DoorOptions, readyStatus } from '../../support/door.js';
import { chineseEar, ear, joeCard, namesOf, nlsBody, storeOf, wideCard } from './doors.js';

const TTS = '/stream/v1/tts';
const ASR = '/stream/v1/asr';

let door: Door | undefined;
afterEach(() => door?.close());

/** As if these models were ready, on a GPU. */
function ready(...ids: readonly string[]): ServerStatus {
  const models = ids.map((id) => {
    const service = id === 'ear' || id === 'ohr' ? ('asr' as const) : ('tts' as const);
    return { id, service, state: 'ready' as const, replicas: 1 };
  });
  const [worker] = readyStatus.workers;
  return { ...readyStatus, workers: [{ ...worker!, device: 'GPU-1', models }] };
}

async function get(path: string, options: DoorOptions = {}): Promise<Record<string, unknown>> {
  door = await Door.open({
    catalogue: namesOf([joeCard, wideCard, ear], [chineseEar]),
    status: () => ready('joe-model', 'ear'),
    voices: storeOf(['anna', 'joe']),
    ...options,
  });
  return nlsBody(await door.get(path));
}

const PRESETS = ['中文女', '中文男', '日语男', '粤语女', '英文女', '英文男', '韩语女'];
const OWN = ['adam', 'amy', 'wing', 'yun', 'xiao'];

describe('voices', () => {
  test.each([
    ['all', [...PRESETS, 'anna', 'joe', ...OWN]],
    ['cosyvoice1', [...PRESETS, 'joe', ...OWN]],
    ['cosyvoice2', ['anna', 'joe']],
  ] as const)('in mode %s', async (ttsModelMode, voices) => {
    expect(await get(`${TTS}/voices`, { ttsModelMode })).toEqual({ voices, total: voices.length });
  });

  test('are described, and whether they can be spoken with now', async () => {
    const { voices, ...counts } = await get(`${TTS}/voices/info`);
    expect(counts).toEqual({ total: 14, preset_count: 12, clone_count: 2 });
    expect(voices).toMatchObject({
      英文男: {
        name: '英文男',
        type: 'preset',
        language: 'en-US',
        gender: 'male',
        sample_rate: 22_050,
        available: true,
      },
      // Its model is configured, and not ready.
      中文女: { language: 'zh-CN', gender: 'female', sample_rate: 24_000, available: false },
      韩语女: { language: 'ko-KR', gender: 'female', sample_rate: null, available: false },
      amy: { type: 'preset', language: 'en-US', gender: 'female', available: false },
      anna: { type: 'clone', language: 'unknown', gender: 'unknown', available: false },
      joe: { type: 'clone', available: false },
    });
  });

  test('a stored voice may be called like a part of every object', async () => {
    const { voices } = await get(`${TTS}/voices/info`, { voices: storeOf(['__proto__']) });
    expect(Object.hasOwn(voices as object, '__proto__')).toBe(true);
  });

  test('are read again', async () => {
    await get(`${TTS}/voices`, { voices: storeOf(['anna', 'old'], ['anna', 'new']) });
    const response = await door!.get(`${TTS}/voices/refresh`, { method: 'POST' });
    expect(await nlsBody(response)).toMatchObject({
      success: true,
      message: expect.any(String),
      voices: expect.arrayContaining(['anna', 'new']),
      total: 15,
      added: ['new'],
      removed: ['old'],
    });
  });
});

describe('health', () => {
  test('of speech', async () => {
    expect(await get(`${TTS}/health`)).toEqual({
      status: 'healthy',
      message: 'TTS service: it works.',
      device: 'GPU-1',
      version: '0.0.0',
      sft_model_loaded: true,
      tts_model_loaded: false,
      loaded_models: ['joe-model'],
      preset_voices: ['英文男'],
      tts_model_mode: 'all',
    });
  });

  test('of recognition', async () => {
    expect(await get(`${ASR}/health`, { asrModelMode: 'offline' })).toEqual({
      status: 'healthy',
      message: 'ASR service: it works.',
      device: 'GPU-1',
      version: '0.0.0',
      model_loaded: true,
      loaded_models: ['ear'],
      asr_model_mode: 'offline',
    });
  });

  test.each([
    [true, 'unhealthy', 'ASR service: ear cannot work now.'],
    [false, 'loading', 'ASR service: ear is being loaded.'],
  ])('without a replica, ready before: %s', async (everReady, status, message) => {
    const services = { ...readyStatus.services };
    services.asr = { configured: true, everReady, readyReplicas: 0 };
    const body = await get(`${ASR}/health`, { status: () => ({ ...ready(), services }) });
    expect(body).toMatchObject({ status, message, model_loaded: false, loaded_models: [] });
  });

  test('without a model', async () => {
    expect(await get(`${ASR}/health`, { catalogue: namesOf([joeCard]) })).toMatchObject({
      status: 'unhealthy',
      message: 'ASR service: no model is configured.',
    });
  });
});

describe('models that hear', () => {
  test('are all that are known, the configured first', async () => {
    const body = await get(`${ASR}/models`);
    expect(body).toMatchObject({ total: 2, loaded_count: 1, asr_model_mode: 'all' });
    expect(body['models']).toMatchObject([
      {
        ...{ id: 'ear', name: 'ear', engine: 'whisper', languages: ['en'], default: true },
        ...{ loaded: true, supports_realtime: true, asr_model_mode: 'all' },
        offline_model: { path: 'ear', exists: true },
        realtime_model: { path: 'ear', exists: true },
      },
      { id: 'ohr', default: false, loaded: false, offline_model: { exists: false } },
    ]);
  });

  test.each([
    ['offline', false, 'realtime_model'],
    ['realtime', true, 'offline_model'],
  ] as const)('in mode %s', async (asrModelMode, supportsRealtime, absent) => {
    const { models } = await get(`${ASR}/models`, { asrModelMode });
    const [first] = models as Record<string, unknown>[];
    expect(first).toMatchObject({ supports_realtime: supportsRealtime, [absent]: null });
  });
});
