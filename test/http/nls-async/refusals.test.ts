import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpeechEvent } from '../../../src/protocol/requests.js';
import { ASYNC, asyncBody, AsyncDoor, type AsyncDoorOptions } from '../../support/async-door.js';
import { done, sends } from '../../support/scripted-speech.js';

const start: SpeechEvent = {
  ...{ type: 'start', sampleRateHz: 16_000, deterministic: true, isS16: true },
};

let door: AsyncDoor;
async function open(options: AsyncDoorOptions = {}): Promise<void> {
  await door?.close();
  door = await AsyncDoor.open(options);
  door.router.script = sends([start, { type: 'audio', pcm: Buffer.alloc(320, 1) }, done]);
}
afterAll(() => door.close());

async function error(answer: Response | Promise<Response>): Promise<unknown[]> {
  const response = await answer;
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status: response.status, url: ASYNC });
  return [response.status, body['error_code'], body['error_message']];
}

describe('requests that are refused', () => {
  beforeAll(() => open());
  const cases: readonly (readonly [string, unknown, readonly [number, number, RegExp]])[] = [
    ['no JSON', '{', [400, 40_000_002, /not valid JSON/]],
    ['no payload', {}, [400, 40_000_003, /payload is missing/]],
    ['a payload that is none', { payload: [] }, [400, 40_000_003, /payload must be an object/]],
    ['no request', { payload: {} }, [400, 40_000_003, /tts_request is missing/]],
    ['no text', asyncBody({ text: undefined }), [400, 40_000_003, /text is missing/]],
    ['an empty text', asyncBody({ text: ' ' }), [400, 40_000_003, /text must not be empty/]],
    ['a long text', asyncBody({ text: '字'.repeat(5001) }), [400, 40_000_003, /at most 5000/]],
    ['an unknown voice', asyncBody({ voice: 'zzz' }), [400, 40_000_003, /no voice/]],
    ['a wrong rate', asyncBody({ sample_rate: 1 }), [400, 41_010_101, /sample_rate must be/]],
    ['a wrong format', asyncBody({ format: 'ogg' }), [400, 40_000_003, /format must be one of/]],
    ['a wrong volume', asyncBody({ volume: 101 }), [400, 40_000_003, /volume must be/]],
    ['a wrong switch', asyncBody({ enable_subtitle: 1 }), [400, 40_000_003, /true or false/]],
    ['no address', asyncBody({}, { enable_notify: true }), [400, 40_000_003, /notify_url/]],
    [
      'another scheme',
      asyncBody({}, { enable_notify: true, notify_url: 'ftp://a.example/' }),
      [400, 40_000_003, /^notify_url: /],
    ],
    [
      'a private address',
      asyncBody({}, { enable_notify: true, notify_url: 'http://169.254.169.254/x' }),
      [400, 40_000_003, /^notify_url: .* not public/],
    ],
    [
      'a wrong context',
      { ...asyncBody(), context: { device_id: 1 } },
      [400, 40_000_003, /device_id/],
    ],
    ['a wrong header', { ...asyncBody(), header: 'x' }, [400, 40_000_003, /header must be/]],
  ];
  test.each(cases)('%s', async (_, body, [status, code, message]) => {
    const told = await error(door.post(body));
    expect(told).toEqual([status, code, expect.stringMatching(message)]);
  });

  test('the longest text is taken, escaped in the longest way', async () => {
    const escaped = '\\ud83d\\ude00'.repeat(5000);
    const body = JSON.stringify(asyncBody({ text: 'TEXT' })).replace('TEXT', escaped);
    expect((await door.post(body)).status).toBe(200);
  });

  test('whatever a body holds, it is refused by name or taken', async () => {
    const leaf = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constant('Hello.'));
    const speech = fc.dictionary(
      fc.constantFrom('text', 'voice', 'format', 'sample_rate', 'volume', 'speech_rate'),
      leaf,
    );
    const payload = fc.record(
      { tts_request: fc.oneof(leaf, speech), enable_notify: leaf, notify_url: leaf },
      { requiredKeys: [] },
    );
    const body = fc.record(
      { payload: fc.oneof(leaf, payload), header: leaf, context: leaf },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(body, async (asked) => {
        expect([200, 400]).toContain((await door.post(asked)).status);
      }),
      { numRuns: 150 },
    );
  });

  test('unknown tasks, and no task', async () => {
    const unknown = await error(door.get(`${ASYNC}?task_id=${'0'.repeat(32)}`));
    expect(unknown).toEqual([404, 40_000_003, expect.stringMatching(/no such task/)]);
    expect((await error(door.get(`${ASYNC}?task_id=x`)))[0]).toBe(404);
    expect(await error(door.get(ASYNC))).toEqual([
      400,
      40_000_003,
      'The field task_id is missing.',
    ]);
  });

  test('too many bytes of audio', async () => {
    await open({ maxBytes: 100_000 });
    expect((await door.post(asyncBody())).status).toBe(200);
    const told = await error(door.post(asyncBody({ text: 'a'.repeat(1000) })));
    expect(told).toEqual([507, 50_000_000, expect.stringMatching(/room/)]);
  });
});

describe('credentials', () => {
  beforeAll(() => open({ appTokens: ['right'], appKeys: ['key'] }));

  test.each([
    ['in the body', { header: { token: 'right', appkey: 'key' } }, {}, ''],
    ['in a header', {}, { 'X-NLS-Token': 'right' }, ''],
    ['in the query', {}, {}, '?token=right&appkey=key'],
    ['the appkey alone', { header: { appkey: 'key', token: null } }, {}, ''],
  ])('%s', async (_, body, headers, query) => {
    expect((await door.post({ ...asyncBody(), ...body }, { headers }, query)).status).toBe(200);
  });

  test.each([
    ['none', {}, {}, ''],
    ['a wrong token', { header: { token: 'wrong', appkey: 'key' } }, {}, ''],
    ['a wrong appkey', { header: { token: 'right', appkey: 'wrong' } }, {}, ''],
    ['a wrong header', {}, { 'X-NLS-Token': 'wrong' }, ''],
  ])('%s are refused', async (_, body, headers, query) => {
    const told = await error(door.post({ ...asyncBody(), ...body }, { headers }, query));
    expect(told).toEqual([401, 40_000_001, expect.stringMatching(/^Gateway:ACCESS_DENIED/)]);
  });

  test('the state of a job needs them too', async () => {
    const told = await error(door.get(`${ASYNC}?task_id=${'0'.repeat(32)}&token=wrong`));
    expect(told.slice(0, 2)).toEqual([401, 40_000_001]);
  });
});
