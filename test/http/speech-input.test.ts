import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { ERROR_TABLE, type ErrorCode } from '../../src/protocol/errors.js';
import { Door, errorOf } from '../support/door.js';

const SPEECH = '/v1/audio/speech';
const ask = { model: 'tts-1', input: 'Hello.', voice: 'alloy' };

let door: Door;
beforeAll(async () => {
  door = await Door.open();
  door.router.script = {
    async *speak(): AsyncGenerator<SpeechEvent> {
      yield { type: 'start', sampleRateHz: 22_050, deterministic: true };
      yield { type: 'audio', pcm: Buffer.from('ok') };
      yield { type: 'done' };
    },
  };
});
afterAll(() => door.close());

interface Refusal {
  readonly why: string;
  /** What differs from a good request. */
  readonly change: object;
  /** The field that the error names. */
  readonly param: string;
  readonly says: RegExp;
  /** `invalid_value` unless told. */
  readonly code?: ErrorCode;
}

const missing = { code: 'missing_field' } as const;

function about(param: string, value: unknown): Pick<Refusal, 'change' | 'param'> {
  return { change: { [param]: value }, param };
}

const refused: Refusal[] = [
  { why: 'no model', ...about('model', undefined), ...missing, says: /model/ },
  { why: 'an unknown model', ...about('model', 'x'), code: 'model_not_found', says: /x/ },
  { why: 'a model that hears', ...about('model', 'whisper-1'), code: 'wrong_task', says: /asr/ },
  { why: 'no input', ...about('input', null), ...missing, says: /input/ },
  { why: 'an empty input', ...about('input', ' \n'), says: /empty/ },
  { why: 'a number as input', ...about('input', 3), says: /string/ },
  { why: 'a long input', ...about('input', 'é'.repeat(4097)), says: /4096.*4097/ },
  { why: 'no voice', ...about('voice', undefined), ...missing, says: /voice/ },
  { why: 'an unknown voice', ...about('voice', 'x'), code: 'voice_not_found', says: /joe/ },
  { why: 'a mix', ...about('voice', 'joe+joe'), code: 'voice_not_found', says: /mixes no voices/ },
  { why: 'a number as voice', ...about('voice', 7), says: /voice/ },
  { why: 'an unknown format', ...about('response_format', 'mid'), says: /mp3/ },
  { why: 'too slow a speed', ...about('speed', 0.2), says: /0\.25/ },
  { why: 'too high a speed', ...about('speed', 4.1), says: /4\.0/ },
  { why: 'a text as speed', ...about('speed', '1'), says: /0\.25 to 4/ },
  { why: 'a stream of records', ...about('stream_format', 'jsonl'), says: /audio or sse/ },
  { why: 'a negative seed', ...about('seed', -1), says: /0 to 4294967295/ },
  { why: 'a seed beyond 32 bits', ...about('seed', 2 ** 32), says: /0 to 4294967295/ },
  { why: 'a broken seed', ...about('seed', 0.5), says: /whole number/ },
  { why: 'times of plain audio', ...about('timestamp_granularities', ['word']), says: /sse/ },
  {
    why: 'unknown times',
    change: { stream_format: 'sse', timestamp_granularities: ['word', 'segment'] },
    param: 'timestamp_granularities',
    says: /word, sentence/,
  },
  {
    why: 'a list of times without end',
    change: { stream_format: 'sse', timestamp_granularities: Array(9).fill('word') },
    param: 'timestamp_granularities',
    says: /at most 8/,
  },
  {
    why: 'a rate that aac has not',
    change: { response_format: 'aac', sample_rate: 9000 },
    param: 'sample_rate',
    says: /11025/,
  },
  { why: 'a low rate', ...about('sample_rate', 7999), says: /8000 to 48000/ },
  { why: 'a rate that mp3 has not', ...about('sample_rate', 9000), says: /11025/ },
  { why: 'long instructions', ...about('instructions', 'a'.repeat(4097)), says: /4096/ },
];

describe('a request to speak is refused', () => {
  test.each(refused)('for $why', async ({ change, param, says, code = 'invalid_value' }) => {
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(response.status).toBe(ERROR_TABLE[code].status);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, param });
    expect(error['message']).toMatch(says);
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
    ['fields of other servers', { lang_code: 'a', stream: true, ref_audio: null }],
    ['no times of plain audio', { timestamp_granularities: [] }],
    ['null for what may be absent', { speed: null, instructions: null, response_format: null }],
  ])('with %s', async (_, change) => {
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(await response.text()).toBe('ok');
  });

  test.each([0, 2 ** 32 - 1])('with the seed %i', async (seed) => {
    await (await door.postJson(SPEECH, { ...ask, seed })).text();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ seed }]);
  });

  test('without a seed as one that names none', async () => {
    await (await door.postJson(SPEECH, ask)).text();
    expect(door.router.leases.at(-1)?.asked).toEqual([expect.not.objectContaining({ seed: 0 })]);
  });

  test('as bulk, where its header says so', async () => {
    const headers = { 'X-Chorus-Class': 'bulk' };
    await (await door.postJson(SPEECH, ask, { headers })).text();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ bulk: true }]);
  });

  test('with instructions that the model does not obey, and is told so', async () => {
    const change = { instructions: 'Whisper.' };
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(response.headers.get('x-chorus-ignored')).toBe('instructions');
    expect(door.router.leases.at(-1)?.asked).toEqual([expect.not.objectContaining(change)]);
    const without = await door.postJson(SPEECH, { ...ask, instructions: '' });
    expect(without.headers.get('x-chorus-ignored')).toBeNull();
  });

  test('with instructions that the model obeys', async () => {
    const change = { model: 'obedient', instructions: 'Whisper.' };
    const response = await door.postJson(SPEECH, { ...ask, ...change });
    expect(response.headers.get('x-chorus-ignored')).toBeNull();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ instructions: 'Whisper.' }]);
  });

  test('with a mix of voices, each by its own name, where the model mixes them', async () => {
    const change = { model: 'obedient', voice: ' alloy (2)+ann' };
    await (await door.postJson(SPEECH, { ...ask, ...change })).text();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ voice: 'joe(2)+ann(1)' }]);
  });

  test('with what is no text taken out', async () => {
    await (await door.postJson(SPEECH, { ...ask, input: 'a\uD800b\0c' })).text();
    expect(door.router.leases.at(-1)?.asked).toMatchObject([{ text: 'a\uFFFDb c' }]);
  });
});

test('whatever JSON its fields hold, a request is answered with a reason', async () => {
  const names = ['model', 'input', 'voice', 'speed', 'response_format', 'sample_rate'];
  const change = fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { minKeys: 1 });
  const property = fc.asyncProperty(change, async (fields) => {
    const response = await door.postJson(SPEECH, { ...ask, ...fields });
    const body = await response.text();
    expect([200, 400, 404]).toContain(response.status);
    if (response.status !== 200)
      expect(body).toMatch(/"param":"(model|input|voice|speed|[rs]\w+)"/);
  });
  await fc.assert(property, { numRuns: 300 });
});
