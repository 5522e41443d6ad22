import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerStatus, WorkerModelStatus, WorkerStatus } from '../../src/protocol/status.js';
import { Door, readyStatus } from '../support/door.js';

let status: ServerStatus;
let door: Door;
beforeAll(async () => {
  door = await Door.open({ status: () => status, maxStreams: 100 });
});
beforeEach(() => {
  status = readyStatus;
});
afterAll(() => door.close());

async function health(): Promise<Record<string, unknown>> {
  return (await (await door.get('/health')).json()) as Record<string, unknown>;
}

const worker = readyStatus.workers[0]!;
const voice = worker.models[0]!;
const ear: WorkerModelStatus = { ...voice, id: 'ear-model', service: 'asr' };

function workerWith(...models: WorkerModelStatus[]): WorkerStatus {
  return { ...worker, models };
}

test('has the fields that its description has, and no other', async () => {
  const text = await readFile('docs/monitoring-api.md', 'utf8');
  const [, part = ''] = /^## `GET \/health`$(.*?)^## /ms.exec(text) ?? [];
  const described = [...part.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(new Set(Object.keys(await health()))).toEqual(new Set(described));
});

test('has the fields that each family of clients looks for', async () => {
  const startedAtMs = Date.now() - 3_600_000;
  status = {
    ...readyStatus,
    startedAtMs,
    workers: [workerWith(voice, ear), workerWith({ ...voice, provider: 'cuda' })],
    requests: { leases: 1, queued: 2, streams: 3 },
  };
  const body = await health();
  expect(body).toMatchObject({
    status: 'healthy',
    version: '0.0.0',
    // CosyVoice's clients.
    model_loaded: true,
    model_name: 'voice-model',
    model_version: 'aaaaaaaa',
    speakers_count: 0,
    available_modes: ['sft'],
    // FunSpeech's.
    device: 'cuda',
    message: 'The server is ready.',
    loaded_models: ['voice-model', 'ear-model'],
    asr_model_mode: 'all',
    // Dialog servers'.
    service: 'Chorus',
    active_sessions: 3,
    max_sessions: 200,
  });
  expect(body['uptime_seconds']).toBeGreaterThanOrEqual(3_600);
  expect(body['uptime_seconds']).toBeLessThan(3_700);
  const serverTime = String(body['server_time']);
  expect(serverTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.parse(serverTime) - Date.now())).toBeLessThan(60_000);
});

describe('a model that', () => {
  const nothing = { model_loaded: false, speakers_count: 0, available_modes: [], device: 'cpu' };
  test.each([
    ['cannot be loaded', { ...voice, state: 'init_failed', provider: 'cuda' } as const],
    ['is not the default one', ear],
  ])('%s speaks with no voice', async (_, model) => {
    status = { ...readyStatus, workers: [workerWith(model)] };
    expect(await health()).toMatchObject({ ...nothing, model_name: 'voice-model' });
  });

  test('is not there yet speaks with no voice', async () => {
    status = { ...readyStatus, workers: [workerWith()] };
    expect(await health()).toMatchObject({ ...nothing, loaded_models: [] });
  });
});

describe('the message', () => {
  function withTts(everReady: boolean): ServerStatus {
    const tts = { configured: true, everReady, readyReplicas: 0 };
    return { ...readyStatus, services: { ...readyStatus.services, tts } };
  }
  test.each([
    ['loading', withTts(false), 'Not ready to speak yet: loading.'],
    ['unhealthy', withTts(true), 'The server cannot speak now: see warnings.'],
    ['healthy', { ...readyStatus, draining: true }, /stopping/],
  ])('of a server that is %s says it to people', async (state, given, message) => {
    status = given;
    const body = await health();
    expect(body['status']).toBe(state);
    expect(body['message']).toMatch(message);
  });
});
