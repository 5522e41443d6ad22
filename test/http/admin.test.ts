import { afterEach, describe, expect, test } from 'vitest';
import { Door, errorOf, type DoorOptions } from '../support/door.js';

const RESTART = '/admin/workers/cpu-0/restart';

describe('the operators\u2019 routes', () => {
  let door: Door;
  afterEach(() => door.close());

  async function post(
    path: string,
    headers: Record<string, string>,
    options: DoorOptions,
  ): Promise<Response> {
    door = await Door.open(options);
    return door.get(path, { method: 'POST', headers });
  }

  const keys = { apiKeys: ['client'], adminKeys: ['operator'] };

  test.each([
    { why: 'no key at all', headers: {}, options: {} },
    {
      why: 'an API key, where only clients have keys',
      headers: { 'api-key': 'client' },
      options: { apiKeys: ['client'] },
    },
    { why: 'an admin key', headers: { authorization: 'Bearer operator' }, options: keys },
    {
      why: 'an admin key, where clients have none',
      headers: { 'api-key': 'operator' },
      options: { adminKeys: ['operator'] },
    },
    {
      why: 'an admin key through a proxy',
      headers: { 'api-key': 'operator', 'x-forwarded-for': '10.0.0.1' },
      options: keys,
    },
  ])('open to $why', async ({ headers, options }) => {
    const response = await post(RESTART, headers as Record<string, string>, options);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      status: 'restarting',
      worker: { id: 'cpu-0', was: 'ready' },
    });
    expect(door.restarted).toEqual(['cpu-0']);
  });

  test.each([
    {
      why: 'nobody, where clients have keys',
      headers: {},
      options: { apiKeys: ['client'] },
      status: 401,
    },
    { why: 'a client', headers: { 'api-key': 'client' }, options: keys, status: 403 },
    { why: 'a wrong key', headers: { 'api-key': 'operato' }, options: keys, status: 401 },
    {
      why: 'a stranger behind a proxy',
      headers: { 'x-forwarded-for': '10.0.0.1' },
      options: {},
      status: 403,
    },
    {
      why: 'a page in the browser of this machine',
      headers: { origin: 'http://evil.example' },
      options: {},
      status: 403,
    },
  ])('stay shut to $why', async ({ headers, options, status }) => {
    const response = await post(RESTART, headers as Record<string, string>, options);
    expect(response.status).toBe(status);
    expect(door.restarted).toEqual([]);
  });

  test('know their workers', async () => {
    const response = await post('/admin/workers/gpu-7/restart', {}, {});
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({
      code: 'worker_not_found',
      message: 'There is no worker gpu-7; there are: cpu-0.',
    });
  });

  test('begin a rolling restart, and tell how it stands', async () => {
    const response = await post('/admin/reload', {}, {});
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ state: 'running', done: [], left: ['cpu-0'] });
    expect(door.restarted).toEqual(['all']);
    expect(await (await door.get('/admin/reload')).json()).toMatchObject({ state: 'idle' });
  });
});

describe('a door that drains', () => {
  test('refuses work, lets admitted requests end, and answers probes', async () => {
    const door = await Door.open();
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    door.router.script = {
      async *speak() {
        yield { type: 'start', sampleRateHz: 22_050, deterministic: false };
        yield { type: 'audio', pcm: Buffer.from('one ') };
        await finished;
        yield { type: 'audio', pcm: Buffer.from('two') };
        yield { type: 'done' };
      },
    };
    const speech = { model: 'tts-1', input: 'Hello.', voice: 'alloy' };
    const running = await door.postJson('/v1/audio/speech', speech);
    door.admissions.drain();
    const idle = door.admissions.idle(60_000);
    for (const path of ['/v1/models', '/v1/audio/speech', '/admin/reload']) {
      const refused = await door.get(path);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('connection')).toBe('close');
      expect((await errorOf(refused))['code']).toBe('draining');
    }
    for (const path of ['/live', '/ready', '/health']) {
      expect((await door.get(path)).status).toBe(200);
    }
    finish();
    expect(await running.text()).toBe('one two');
    await idle;
    await door.close();
  });
});
