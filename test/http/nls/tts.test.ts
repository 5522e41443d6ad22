import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { SynthesisRequest } from '../../../src/protocol/requests.js';
import { Door, type DoorOptions } from '../../support/door.js';
import { audio, done, sends, start } from '../../support/scripted-speech.js';
import { joeCard, namesOf, nlsBody, storeOf, wideCard } from './doors.js';

const ROUTE = '/stream/v1/tts';
const INVALID = 40_000_003;
const SAID = 'Hello there.';

let door: Door;
beforeEach(() => open());
afterEach(async () => {
  expect(door.router.leases.every(({ releases }) => releases === 1)).toBe(true);
  await door.close();
});

async function open(options: DoorOptions = {}): Promise<void> {
  door = await Door.open({ catalogue: namesOf([joeCard, wideCard]), ...options });
  door.router.script = sends([start, audio('audio'), done]);
}

async function reopen(options: DoorOptions): Promise<void> {
  await door.close();
  await open(options);
}

function say(fields: object | string): Promise<Response> {
  return door.postJson(ROUTE, typeof fields === 'string' ? fields : { text: SAID, ...fields });
}

/** What the worker was asked. */
async function asked(fields: object): Promise<SynthesisRequest> {
  const response = await say(fields);
  expect(response.headers.get('content-type')).toBe('audio/mpeg');
  await response.arrayBuffer();
  return door.router.leases.at(-1)?.asked[0] as SynthesisRequest;
}

test('speech is streamed as audio/mpeg, with its id and who spoke', async () => {
  const response = await say({ appkey: 'any' });
  expect(response.status).toBe(200);
  expect(response.headers.get('task_id')).toMatch(/^[0-9a-f]{32}$/);
  expect(response.headers.get('content-type')).toBe('audio/mpeg');
  expect(response.headers.get('transfer-encoding')).toBe('chunked');
  expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
  expect(response.headers.get('x-chorus-model')).toBe('joe-model');
  expect(await response.text()).toBe('audio');
  expect(door.router.requests).toMatchObject([{ service: 'tts', model: 'joe-model' }]);
  expect(door.media.encodes).toEqual([
    { format: 'wav', inputSampleRateHz: 22_050, outputSampleRateHz: 16_000 },
  ]);
});

describe('the fields mean', () => {
  test.each([
    [{}, { speed: 1, voice: 'joe', text: SAID }],
    [{ speech_rate: -500 }, { speed: 0.5 }],
    [{ speech_rate: -250 }, { speed: 0.75 }],
    [{ speech_rate: 250 }, { speed: 1.5 }],
    [{ speech_rate: '500' }, { speed: 2 }],
    [{ volume: 100 }, { gain: 2 }],
    [{ volume: '25' }, { gain: 0.5 }],
    [{ volume: 0 }, { gain: 0 }],
    [{ voice: '中文女' }, { model: 'wide-model', voice: 'xiao' }],
    [{ voice: ' amy ' }, { model: 'wide-model', voice: 'amy' }],
    [{ voice: null, format: null, sample_rate: null, prompt: null }, { voice: 'joe' }],
    [{ text: '  spaced\0 \ud800 ' }, { text: 'spaced  \ufffd' }],
    [{ text: '<speak>hi</speak>' }, { markup: 'ssml' }],
    [{ text: 'x'.repeat(1000) }, { speed: 1 }],
    [{ text: '😀'.repeat(1000) }, { speed: 1 }],
    [{ seed: 'extra', unknown: [] }, { speed: 1 }],
  ])('%j: %j', async (fields, request) => {
    expect(await asked(fields)).toMatchObject(request);
  });

  test('volume 50 changes nothing', async () => {
    expect(await asked({ volume: 50 })).not.toHaveProperty('gain');
  });

  test.each([
    [
      { format: 'MP3', sample_rate: 8000 },
      { format: 'mp3', outputSampleRateHz: 8000 },
    ],
    [
      { format: 'pcm', sample_rate: '24000' },
      { format: 'pcm', outputSampleRateHz: 24_000 },
    ],
    [
      { format: 'wav', sample_rate: 48_000 },
      { format: 'wav', outputSampleRateHz: 48_000 },
    ],
    [
      { format: 'flac', sample_rate: 44_100 },
      { format: 'flac', outputSampleRateHz: 44_100 },
    ],
    [{ format: 'opus' }, { format: 'opus', outputSampleRateHz: 48_000 }],
    [{ format: 'aac' }, { format: 'aac', outputSampleRateHz: 16_000 }],
  ])('%j', async (fields, encoding) => {
    await asked(fields);
    expect(door.media.encodes).toMatchObject([encoding]);
  });

  test('a prompt obeys or is said to be ignored', async () => {
    const ignored = async (fields: object) => (await say(fields)).headers.get('x-chorus-ignored');
    expect(await ignored({ prompt: 'softly' })).toBe('prompt');
    expect(await ignored({ prompt: ' ' })).toBeNull();
    expect(await ignored({ prompt: 'softly', voice: 'amy' })).toBeNull();
    expect(door.router.leases.at(-1)?.asked[0]).toMatchObject({ instructions: 'softly' });
  });

  test('a higher voice is spoken more slowly, and played faster', async () => {
    await asked({ pitch_rate: '250' });
    expect(door.router.leases.at(-1)?.asked[0]).toMatchObject({ speed: 1 / 1.5 });
    const rateHz = (): number => door.media.encodes.at(-1)?.inputSampleRateHz ?? 0;
    const higherHz = rateHz();
    await asked({ format: 'mp3' });
    expect(higherHz / rateHz()).toBeCloseTo(1.5, 3);
  });
});

describe('by GET', () => {
  const query = `${ROUTE}?text=${encodeURIComponent(SAID)}&appkey=any&volume=100&speech_rate=-500&format=`;

  test('the query has the same fields', async () => {
    const response = await door.get(`${query}mp3&sample_rate=24000&voice=amy`);
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(await response.text()).toBe('audio');
    expect(door.router.leases[0]?.asked[0]).toMatchObject({ text: SAID, gain: 2, speed: 0.5 });
    expect(door.media.encodes).toMatchObject([{ format: 'mp3', outputSampleRateHz: 24_000 }]);
  });

  test('an empty field is none', async () => {
    expect(await (await door.get(`${query}&voice=`)).text()).toBe('audio');
  });

  test('HEAD speaks nothing', async () => {
    const response = await door.get(query, { method: 'HEAD' });
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(door.router.leases).toEqual([]);
  });

  test('a wrong field is refused', async () => {
    expect(await nlsBody(await door.get(ROUTE))).toMatchObject({ status: INVALID });
    const wrong = await door.get(`${query}wav&sample_rate=1`);
    expect(await nlsBody(wrong)).toMatchObject({ status: 41_010_101 });
  });
});

describe('is refused:', () => {
  test.each([
    [{ text: undefined }, INVALID, 'The field text is missing.'],
    [{ text: '' }, INVALID, 'text must not be empty.'],
    [{ text: ' \n ' }, INVALID, 'text must not be empty.'],
    [{ text: 7 }, INVALID, 'text must be a string.'],
    [{ text: 'x'.repeat(1001) }, INVALID, 'text must have at most 1000 characters; it has 1001.'],
    [{ text: '<speak>hi' }, INVALID, 'SSML'],
    [{ voice: '' }, INVALID, 'voice must be a name'],
    [{ voice: 'x'.repeat(257) }, INVALID, 'voice must be a name'],
    [{ voice: {} }, INVALID, 'voice must be a name'],
    [{ voice: 'nobody' }, INVALID, 'There is no voice "nobody" here.'],
    [{ voice: '韩语女' }, INVALID, 'The voice 韩语女 (Korean, female) has no model here'],
    [{ format: 'exe' }, INVALID, 'format must be one of'],
    [{ format: 1 }, INVALID, 'format must be one of'],
    [{ sample_rate: 11_025 }, 41_010_101, 'sample_rate must be one of 8000, 16000'],
    [{ sample_rate: '16k' }, 41_010_101, 'sample_rate must be one of 8000, 16000'],
    [{ volume: 101 }, INVALID, 'volume must be a number from 0 to 100.'],
    [{ volume: -1 }, INVALID, 'volume must be a number from 0 to 100.'],
    [{ volume: 'loud' }, INVALID, 'volume must be a number from 0 to 100.'],
    [{ speech_rate: 501 }, INVALID, 'speech_rate must be a number from -500 to 500.'],
    [{ speech_rate: -501 }, INVALID, 'speech_rate must be a number from -500 to 500.'],
    [{ pitch_rate: 501 }, INVALID, 'pitch_rate must be a number from -500 to 500.'],
    [{ speech_rate: true }, INVALID, 'speech_rate must be a number from -500 to 500.'],
    [{ prompt: 'x'.repeat(501) }, INVALID, 'prompt must have at most 500 characters'],
  ])('%j', async (fields, status, message) => {
    const body = await nlsBody(await say(fields));
    expect(body).toMatchObject({ status, result: '', message: expect.stringContaining(message) });
    expect(door.router.requests).toEqual([]);
  });

  test.each(['', 'text=hi', '[]', '"x"', '{"text":'])('a body that is %j', async (body) => {
    expect(await nlsBody(await say(body))).toMatchObject({ status: 40_000_002 });
  });

  test('a body that is too large', async () => {
    expect(await nlsBody(await say({ more: 'x'.repeat(200_000) }))).toMatchObject({
      status: 40_000_000,
    });
  });

  test('what cannot be spoken', async () => {
    door.router.script = sends([start, done]);
    expect(await nlsBody(await say({ text: '😀' }))).toMatchObject({ status: INVALID });
  });

  test('a crowd, with the time after which to come again', async () => {
    door.router.refusal = new ChorusError('queue_full', 'Too many.', { retryAfterMs: 2000 });
    const response = await say({});
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await nlsBody(response)).toMatchObject({ status: 40_000_005 });
    door.router.refusal = undefined;
  });

  test('a stored voice, which no engine can speak with yet', async () => {
    await reopen({ voices: storeOf(['anna']) });
    expect(await nlsBody(await say({ voice: 'anna' }))).toMatchObject({
      status: 50_000_000,
      message: expect.stringContaining('CosyVoice2-0.5B'),
    });
    await reopen({ voices: storeOf(['anna']), ttsModelMode: 'cosyvoice2' });
    expect(await nlsBody(await say({}))).toMatchObject({
      status: INVALID,
      message: expect.stringContaining('TTS_MODEL_MODE=cosyvoice2'),
    });
  });
});

test('an answer that breaks off never looks whole', async () => {
  door.router.script = sends([start, audio('half'), { ...start }], new Error('broken'));
  await expect(say({}).then((response) => response.text())).rejects.toThrow();
});
