import { Router } from '@koa/router';
import { afterEach, describe, expect, test } from 'vitest';
import type { DoorState } from '../../../src/http/context.js';
import { addNlsRoutes } from '../../../src/http/nls/routes.js';
import { authKeysOf } from '../../../src/http/auth-keys.js';
import type { AppDependencies } from '../../../src/http/dependencies.js';
import { Door, type DoorOptions } from '../../support/door.js';
import { nlsBody } from './doors.js';

const DENIED = 40_000_001;
const TOKEN = 'token-of-the-tests';
const APPKEY = 'appkey-of-the-tests';

let door: Door | undefined;
afterEach(() => door?.close());

async function open(options: DoorOptions): Promise<Door> {
  return (door = await Door.open(options));
}

/** Method and path of every route, as they are registered. */
function routes(): (readonly [string, string])[] {
  const router = new Router<DoorState>();
  // Handlers look at what they are given when they are called.
  addNlsRoutes(router, { keys: authKeysOf({}) } as AppDependencies);
  return router.stack.map(({ methods, path }) => [methods.at(-1) ?? '', String(path)] as const);
}

/** Asks a route, with an empty body where it takes one. */
function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const body = method === 'POST' ? { body: '{}' } : {};
  return door!.get(path, { method, headers, ...body });
}

test('these are the routes', () => {
  expect(routes()).toEqual([
    ['POST', '/stream/v1/asr'],
    ['GET', '/stream/v1/asr/health'],
    ['GET', '/stream/v1/asr/models'],
    ['GET', '/stream/v1/tts'],
    ['POST', '/stream/v1/tts'],
    ['GET', '/stream/v1/tts/voices'],
    ['GET', '/stream/v1/tts/voices/info'],
    ['POST', '/stream/v1/tts/voices/refresh'],
    ['GET', '/stream/v1/tts/health'],
  ]);
});

describe.each([
  ['APPTOKEN', { appTokens: [TOKEN] }, { 'X-NLS-Token': TOKEN }, 'token', TOKEN],
  ['APPKEY', { appKeys: [APPKEY] }, undefined, 'appkey', APPKEY],
  ['API_KEYS', { apiKeys: [TOKEN] }, { Authorization: `Bearer ${TOKEN}` }, 'token', TOKEN],
] as const)('with %s set', (_, options, header, name, key) => {
  test.each(routes())('%s %s refuses who has none, or a wrong one', async (method, path) => {
    await open(options);
    const none = await ask(method, path);
    expect(none.headers.get('task_id')).toMatch(/^[0-9a-f]{32}$/);
    expect(await nlsBody(none)).toMatchObject({
      status: DENIED,
      result: '',
      message: "Gateway:ACCESS_DENIED:The token '' is invalid!",
    });
    expect(await nlsBody(await ask(method, `${path}?${name}=guessed-it`))).toMatchObject({
      status: DENIED,
      message: "Gateway:ACCESS_DENIED:The token 'gue***' is invalid!",
    });
    expect((await nlsBody(await ask(method, `${path}?${name}=${key}`))).status).not.toBe(DENIED);
    if (header === undefined) return;
    expect((await nlsBody(await ask(method, path, header))).status).not.toBe(DENIED);
  });
});

test.each(routes())('%s %s refuses a wrong key beside a right one', async (method, path) => {
  await open({ appTokens: [TOKEN], appKeys: [APPKEY] });
  const wrong = `${path}?token=${TOKEN}&appkey=wrong`;
  expect((await nlsBody(await ask(method, wrong))).status).toBe(DENIED);
  const right = `${path}?token=${TOKEN}&appkey=${APPKEY}`;
  expect((await nlsBody(await ask(method, right))).status).not.toBe(DENIED);
});

test.each(routes())('%s %s in capitals asks as well', async (method, path) => {
  await open({ appTokens: [TOKEN] });
  expect((await nlsBody(await ask(method, path.toUpperCase()))).status).toBe(DENIED);
});

test('credentials in the body of a text to speak count, and must be right', async () => {
  await open({ appTokens: [TOKEN], appKeys: [APPKEY] });
  const status = async (body: object, query = '') =>
    (await nlsBody(await door!.postJson(`/stream/v1/tts${query}`, body))).status;
  expect(await status({ appkey: APPKEY })).not.toBe(DENIED);
  expect(await status({ token: TOKEN })).not.toBe(DENIED);
  expect(await status({ appkey: 'wrong' })).toBe(DENIED);
  expect(await status({ appkey: { a: 1 } })).toBe(DENIED);
  expect(await status({ appkey: 'wrong' }, `?token=${TOKEN}`)).toBe(DENIED);
  expect(await status({ appkey: APPKEY }, '?token=wrong')).toBe(DENIED);
});

test('no key is logged', async () => {
  await open({ appTokens: [TOKEN], appKeys: [APPKEY] });
  const lines: string[] = [];
  door!.events.on('log', (line) => lines.push(JSON.stringify(line)));
  const handled = door!.handled();
  await door!.postJson(`/stream/v1/tts?token=wrong-secret`, { appkey: 'other-secret' });
  await handled;
  expect(lines.join('\n')).toContain('/stream/v1/tts');
  expect(lines.join('\n')).not.toContain('secret');
});
