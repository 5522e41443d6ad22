import { once } from 'node:events';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServerStatus } from '../../src/protocol/status.js';
import { Door, errorOf, readyStatus } from '../support/door.js';

const SPEECH = '/v1/audio/speech';

describe('an open door', () => {
  let door: Door;
  beforeAll(async () => {
    door = await Door.open();
  });
  afterAll(() => door.close());

  test('lists the configured models by their ids', async () => {
    const body = await (await door.get('/v1/models')).json();
    expect(body).toMatchObject({ object: 'list' });
    const { data } = body as { data: Record<string, unknown>[] };
    expect(data.map(({ id }) => id)).toEqual(['voice-model', 'ear-model']);
    expect(data[0]).toMatchObject({ object: 'model', owned_by: 'chorus' });
    expect(data[0]?.['created']).toBeTypeOf('number');
  });

  test('shows one model, by id and by alias', async () => {
    const client = new OpenAI({ apiKey: 'any', baseURL: `${door.url}/v1`, maxRetries: 0 });
    expect((await client.models.retrieve('ear-model')).id).toBe('ear-model');
    expect((await client.models.retrieve('whisper-1')).id).toBe('ear-model');
    await expect(client.models.retrieve('org/none')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      message: expect.stringContaining('org/none'),
    });
  });

  test('lists voices, plain ones for old clients', async () => {
    const joe = {
      id: 'joe',
      name: 'Joe',
      language: 'en-US',
      gender: 'male',
      model: 'voice-model',
    };
    const all = await (await door.get('/v1/audio/voices')).json();
    expect(all).toEqual({ voices: [joe] });
    const plain = await (await door.get('/v1/audio/voices?legacy=true&model=tts-1')).json();
    expect(plain).toEqual({ voices: ['joe'] });
    expect((await door.get('/v1/audio/voices?model=whisper-1')).status).toBe(400);
    expect((await door.get('/v1/audio/voices?model=nobody')).status).toBe(404);
  });

  test.each(['/', '/v1/nothing', '/v1/audio/speech/more', '/%zz'])('has no %s', async (path) => {
    const response = await door.get(path);
    expect(response.status).toBe(404);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'route_not_found', type: 'invalid_request_error' });
    expect(error['param']).toBeNull();
  });

  test('says which method a route has', async () => {
    const response = await door.get(SPEECH);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await errorOf(response))['code']).toBe('method_not_allowed');
  });

  test('answers HEAD like GET, without a body', async () => {
    const response = await door.get('/v1/models', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  test('grants a page what it asks for', async () => {
    const wanted = 'authorization,content-type,x-stainless-os,x-stainless-retry-count';
    const response = await door.get(SPEECH, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://example.org',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': wanted,
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe(wanted);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
  });

  test('lets pages read errors too', async () => {
    const response = await door.get('/v1/nothing');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
  });

  test('takes over a good request id and makes one otherwise', async () => {
    const idOf = async (id: string) => {
      const response = await door.get('/live', { headers: { 'X-Request-Id': id } });
      return response.headers.get('x-request-id');
    };
    expect(await idOf('my-id_1.2')).toBe('my-id_1.2');
    expect(await idOf('my id')).toMatch(/^[\da-f-]{36}$/);
    expect(await idOf('a'.repeat(129))).toMatch(/^[\da-f-]{36}$/);
  });

  test('logs one line per request, and no text of the user', async () => {
    const logged = once(door.events, 'log');
    const body = { model: 'tts-1', voice: 'nobody', input: 'my secret' };
    await (await door.postJson(`${SPEECH}?token=hidden`, body)).text();
    const [line] = await logged;
    expect(line).toMatchObject({
      method: 'POST',
      route: SPEECH,
      status: 400,
      outcome: 'voice_not_found',
    });
    expect(line.bytesIn).toBeGreaterThan(100);
    expect(line.bytesOut).toBeGreaterThan(100);
    expect(line.ms).toBeGreaterThan(0);
    expect(JSON.stringify(line)).not.toMatch(/secret|hidden|nobody/);
  });
});

describe('a door with keys', () => {
  let door: Door;
  beforeAll(async () => {
    door = await Door.open({ apiKeys: ['first-key-123', 'second'] });
  });
  afterAll(() => door.close());

  test.each([
    [{ Authorization: 'Bearer first-key-123' }],
    [{ Authorization: 'bearer second' }],
    [{ 'api-key': 'second' }],
  ])('opens to %j', async (headers) => {
    expect((await door.get('/v1/models', { headers })).status).toBe(200);
  });

  test.each([
    [{}, /is needed/],
    [{ Authorization: 'Bearer wrong-key-12345' }, /"wro\*\*\*"/],
    [{ Authorization: 'Bearer secon' }, /"\*\*\*"/],
    [{ Authorization: 'Basic first-key-123' }, /is needed/],
    [{ 'api-key': 'second2' }, /"\*\*\*"/],
  ])('stays shut to %j', async (headers, message) => {
    const response = await door.get('/v1/models', { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    const error = await errorOf(response);
    expect(error).toMatchObject({
      type: 'authentication_error',
      code: 'unauthorized',
      param: null,
    });
    expect(error['message']).toMatch(message);
    expect(error['message']).not.toMatch(/12345/);
  });

  test('tells strangers nothing about its routes', async () => {
    expect((await door.get('/v1/nothing')).status).toBe(401);
  });

  test.each(['/live', '/ready', '/health'])('shows %s to all', async (path) => {
    expect((await door.get(path)).status).toBe(200);
  });

  test('lets a preflight through', async () => {
    expect((await door.get(SPEECH, { method: 'OPTIONS' })).status).toBe(204);
  });

  test('refuses a large upload in a way that the client sees', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024);
    const response = await door.get('/v1/audio/transcriptions', { method: 'POST', body });
    expect(response.status).toBe(401);
    expect((await errorOf(response))['code']).toBe('unauthorized');
  });
});

describe('the probes', () => {
  let status: ServerStatus = readyStatus;
  let door: Door;
  beforeAll(async () => {
    door = await Door.open({ status: () => status });
  });
  afterEach(() => {
    status = readyStatus;
  });
  afterAll(() => door.close());

  function withTts(tts: Partial<ServerStatus['services']['tts']>): ServerStatus {
    const { services } = readyStatus;
    return { ...readyStatus, services: { ...services, tts: { ...services.tts, ...tts } } };
  }

  const cases: [string, ServerStatus, string, number][] = [
    ['ready', readyStatus, 'healthy', 200],
    ['starting', withTts({ everReady: false, readyReplicas: 0 }), 'loading', 503],
    ['without voice', withTts({ readyReplicas: 0 }), 'unhealthy', 503],
    [
      'without that service',
      withTts({ configured: false, everReady: false, readyReplicas: 0 }),
      'healthy',
      200,
    ],
    ['draining', { ...readyStatus, draining: true }, 'healthy', 503],
  ];
  test.each(cases)('of a server that is %s', async (_, given, health, ready) => {
    status = given;
    expect((await door.get('/live')).status).toBe(200);
    expect((await door.get('/ready')).status).toBe(ready);
    const response = await door.get('/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: health,
      version: '0.0.0',
      warnings: ['a warning'],
      workers: [{ id: 'cpu-0', state: 'ready', pid: 42 }],
      models: [{ id: 'voice-model', worker: 'cpu-0', provider: 'cpu', degraded_reason: null }],
    });
  });
});
