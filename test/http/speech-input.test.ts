import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Door, errorOf } from '../support/door.js';

const SPEECH = '/v1/audio/speech';
const ask = { model: 'tts-1', input: 'Hello.', voice: 'alloy' };

let door: Door;
beforeAll(async () => {
  door = await Door.open();
});
afterAll(() => door.close());

const refused: [string, object, number, string, string, RegExp][] = [
  ['no model', { model: undefined }, 400, 'missing_field', 'model', /model/],
  ['unknown model', { model: 'x' }, 404, 'model_not_found', 'model', /x/],
  ['a model of another task', { model: 'whisper-1' }, 400, 'wrong_task', 'model', /asr/],
  ['no input', { input: null }, 400, 'missing_field', 'input', /input/],
  ['an empty input', { input: ' \n' }, 400, 'invalid_value', 'input', /empty/],
  ['a number as input', { input: 3 }, 400, 'invalid_value', 'input', /string/],
  ['a long input', { input: 'é'.repeat(4097) }, 400, 'invalid_value', 'input', /4096.*4097/],
  ['no voice', { voice: undefined }, 400, 'missing_field', 'voice', /voice/],
  ['an unknown voice', { voice: 'x' }, 400, 'voice_not_found', 'voice', /x/],
  ['a voice of a wrong kind', { voice: 7 }, 400, 'invalid_value', 'voice', /voice/],
  ['an unknown format', { response_format: 'mid' }, 400, 'invalid_value', 'response_format', /mp3/],
  ['aac', { response_format: 'aac' }, 400, 'invalid_value', 'response_format', /not available yet/],
  ['too slow a speed', { speed: 0.2 }, 400, 'invalid_value', 'speed', /0\.25/],
  ['too high a speed', { speed: 4.1 }, 400, 'invalid_value', 'speed', /4\.0/],
  ['a speed of a wrong kind', { speed: '1' }, 400, 'invalid_value', 'speed', /0\.25 to 4/],
  ['events', { stream_format: 'sse' }, 400, 'invalid_value', 'stream_format', /audio/],
  ['a low rate', { sample_rate: 7999 }, 400, 'invalid_value', 'sample_rate', /8000 to 48000/],
  ['a rate that mp3 has not', { sample_rate: 9000 }, 400, 'invalid_value', 'sample_rate', /11025/],
  [
    'long instructions',
    { instructions: 'a'.repeat(4097) },
    400,
    'invalid_value',
    'instructions',
    /4096/,
  ],
];

describe('a request to speak is refused', () => {
  test.each(refused)('for %s', async (_, change, status, code, param, message) => {
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(response.status).toBe(status);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, param });
    expect(error['message']).toMatch(message);
    expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  });

  test.each([
    ['broken JSON', '{"model":', 400, 'invalid_json'],
    ['no body', '', 400, 'invalid_json'],
    ['a list', '[]', 400, 'invalid_json'],
    ['a body over a mebibyte', `{"input":"${'a'.repeat(1024 * 1024)}"}`, 413, 'upload_too_large'],
  ])('for %s', async (_, body, status, code) => {
    const response = await door.postJson(SPEECH, body);
    expect(response.status).toBe(status);
    expect((await errorOf(response))['code']).toBe(code);
  });

  test('for a compressed body', async () => {
    const headers = { 'Content-Encoding': 'gzip' };
    expect((await door.postJson(SPEECH, ask, { headers })).status).toBe(415);
  });

  test('without any lease', () => {
    expect(door.router.leases).toEqual([]);
  });
});

describe('a request to speak is taken', () => {
  test.each([
    ['4,096 characters outside the basic plane', { input: '😀'.repeat(4096) }],
    ['a voice object', { voice: { id: 'joe' } }],
    ['fields of other servers', { seed: 1, lang_code: 'a', stream: true, ref_audio: null }],
    ['null for what may be absent', { speed: null, instructions: null, response_format: null }],
  ])('with %s', async (_, change) => {
    door.router.script = {
      async *speak() {
        yield { type: 'start', sampleRateHz: 22_050 };
        yield { type: 'audio', pcm: Buffer.from('ok') };
        yield { type: 'done' };
      },
    };
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(await response.text()).toBe('ok');
  });

  test('with what is no text taken out', async () => {
    await (await door.postJson(SPEECH, { ...ask, input: 'a\uD800b\0c' })).text();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ text: 'a\uFFFDb c' }]);
  });
});
