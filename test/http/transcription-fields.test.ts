import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TranscriptionRequest } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';
import { segment, withWords } from '../support/transcript.js';

const TRANSCRIPTIONS = '/v1/audio/transcriptions';
const TRANSLATIONS = '/v1/audio/translations';
const speech = new Blob([Buffer.alloc(128_000, 1)]);
const plain = [segment(0, 0, 1, ' Fish & chips,'), segment(1, 1.5, 2.1004, ' please.')];

let door: Door;
beforeEach(async () => {
  door = await Door.open();
  door.router.script = hears(plain.map(withWords));
});
afterEach(async () => {
  expect(door.router.leases.map(({ releases }) => releases)).not.toContain(0);
  await door.close();
});

function hears(segments: typeof plain, task?: 'translate'): Door['router']['script'] {
  return {
    async *hear() {
      yield { type: 'start', language: 'fr', ...(task && { task }) };
      for (const one of segments) yield { type: 'segment', segment: one };
      yield { type: 'done' };
    },
  };
}

type Field = readonly [name: string, value: string];

function post(route: string, ...fields: readonly Field[]): Promise<Response> {
  const model = fields.some(([name]) => name === 'model') ? [] : [['model', 'whisper-1'] as const];
  return door.postForm(route, [['file', speech], ...model, ...fields]);
}

const asked = () => door.router.leases[0]?.asked[0] as TranscriptionRequest;

describe('words', () => {
  const verbose = ['response_format', 'verbose_json'] as const;
  const word = ['timestamp_granularities[]', 'word'] as const;

  test('come with their times, in place of segments', async () => {
    const body = await (await post(TRANSCRIPTIONS, verbose, word)).json();
    expect(body).toMatchObject({
      text: 'Fish & chips, please.',
      words: [
        { word: 'Fish', start: 0, end: 0.333 },
        { word: '&', start: 0.333, end: 0.667 },
        { word: 'chips,', start: 0.667, end: 1 },
        { word: 'please.', start: 1.5, end: 2.1 },
      ],
    });
    expect(Object.keys(body as object)).not.toContain('segments');
    expect(asked().words).toBe(true);
  });

  test('come beside segments where both are asked for', async () => {
    const segments = ['timestamp_granularities[]', 'segment'] as const;
    const body = await (await post(TRANSCRIPTIONS, verbose, word, segments)).json();
    expect(body).toMatchObject({ segments: [{ id: 0 }, { id: 1 }], words: { length: 4 } });
  });

  test('are not asked of the engine unless they are wanted', async () => {
    await post(TRANSCRIPTIONS, verbose);
    expect(asked()).not.toHaveProperty('words');
    expect(asked()).not.toHaveProperty('logprobs');
  });

  test('are an error where the engine has none, and the work ends there', async () => {
    door.router.script = hears(plain);
    const response = await post(TRANSCRIPTIONS, verbose, word);
    expect(response.status).toBe(501);
    expect(await errorOf(response)).toMatchObject({
      code: 'not_implemented',
      param: 'timestamp_granularities',
    });
    expect(door.router.leases.map(({ releases }) => releases)).toEqual([1]);
  });

  test.each(['srt', 'vtt'])('make better %s, which does without too', async (format) => {
    const exact = await (await post(TRANSCRIPTIONS, ['response_format', format])).text();
    expect(asked().words).toBe(true);
    expect(exact).toMatch(/00:00:00[.,]000 --> 00:00:02[.,]100\nFish &(amp;)? chips, please\.\n/);
    door.router.script = hears(plain);
    expect((await post(TRANSCRIPTIONS, ['response_format', format])).status).toBe(200);
  });
});

describe('log-probabilities', () => {
  const include = ['include[]', 'logprobs'] as const;

  test('come with each token', async () => {
    const body = await (await post(TRANSCRIPTIONS, include)).json();
    expect(body).toMatchObject({
      logprobs: [
        { token: ' Fish', logprob: -0.5, bytes: [32, 70, 105, 115, 104] },
        { token: ' &', logprob: -1.5 },
        { token: ' chips,', logprob: -2.5 },
        { token: ' please.', logprob: -0.5 },
      ],
    });
    expect(asked().logprobs).toBe(true);
  });

  test('are an error where the engine has none', async () => {
    door.router.script = hears(plain);
    const response = await post(TRANSCRIPTIONS, include);
    expect(response.status).toBe(501);
    expect(await errorOf(response)).toMatchObject({ code: 'not_implemented', param: 'include' });
  });

  test('stand in json only', async () => {
    const response = await post(TRANSCRIPTIONS, include, ['response_format', 'verbose_json']);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_value', param: 'include' });
  });
});

describe('a chunking strategy', () => {
  const vad = ['chunking_strategy[type]', 'server_vad'] as const;

  test('is taken from fields of the form', async () => {
    await post(
      TRANSCRIPTIONS,
      ...[vad, ['chunking_strategy[prefix_padding_ms]', '120'] as const],
      ...[['chunking_strategy[silence_duration_ms]', '700'] as const],
      ...[['chunking_strategy[threshold]', '.25'] as const],
    );
    const segmentation = { threshold: 0.25, prefixPaddingMs: 120, silenceDurationMs: 700 };
    expect(asked().segmentation).toEqual(segmentation);
  });

  test('has defaults where JSON holds null', async () => {
    const text = '{"type":"server_vad","threshold":null,"silence_duration_ms":500}';
    await post(TRANSCRIPTIONS, ['chunking_strategy', text]);
    const segmentation = { threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500 };
    expect(asked().segmentation).toEqual(segmentation);
  });

  test.each(['auto', ''])('%j leaves it to the engine', async (value) => {
    expect((await post(TRANSCRIPTIONS, ['chunking_strategy', value])).status).toBe(200);
    expect(asked()).not.toHaveProperty('segmentation');
  });

  test.each([
    ['threshold', '1.5', /0 to 1/],
    ['threshold', 'high', /0 to 1/],
    ['threshold', `${'0'.repeat(60_000)}x`, /0 to 1/],
    ['prefix_padding_ms', '-1', /0 to 5000/],
    ['prefix_padding_ms', '5001', /0 to 5000/],
    ['silence_duration_ms', '10001', /0 to 10000/],
    ['silence_duration_ms', '0.5', /whole number/],
  ])('is refused for %s %s', async (name, value, says) => {
    const response = await post(TRANSCRIPTIONS, vad, [`chunking_strategy[${name}]`, value]);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'invalid_value', param: 'chunking_strategy' });
    expect(error['message']).toMatch(says);
  });

  test('is refused without a type', async () => {
    const response = await post(TRANSCRIPTIONS, ['chunking_strategy[threshold]', '0.5']);
    expect((await errorOf(response))['message']).toMatch(/server_vad/);
  });
});

describe('a translation', () => {
  const interpreter = ['model', 'interpreter'] as const;

  beforeEach(() => {
    door.router.script = hears(plain, 'translate');
  });

  test('is asked of the model, and its text is all there is', async () => {
    const response = await post(
      TRANSLATIONS,
      ...[interpreter, ['prompt', 'Food.'] as const, ['language', 'fr'] as const],
      ...[['stream', 'true'] as const, ['timestamp_granularities[]', 'word'] as const],
    );
    expect(await response.json()).toEqual({ text: 'Fish & chips, please.' });
    expect(asked()).toMatchObject({ task: 'translate', prompt: 'Food.', language: 'fr' });
    expect(asked()).not.toHaveProperty('words');
  });

  test('is English in verbose_json, whatever was heard', async () => {
    const response = await post(TRANSLATIONS, interpreter, ['response_format', 'verbose_json']);
    const verbose = { task: 'translate', language: 'english', duration: 4 };
    expect(await response.json()).toMatchObject({ ...verbose, segments: { length: 2 } });
  });

  test('comes as subtitles', async () => {
    const response = await post(TRANSLATIONS, interpreter, ['response_format', 'srt']);
    expect(response.headers.get('content-type')).toMatch(/^application\/x-subrip/);
    expect(await response.text()).toMatch(/^1\n00:00:00,000 --> /);
  });

  test('of a model that hears English only is refused, with the name of one that can', async () => {
    const response = await post(TRANSLATIONS, ['model', 'whisper-1']);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'wrong_task', param: 'model' });
    expect(error['message']).toMatch(/ear-model hears English only.*interpreter.*ASR_MODELS/);
  });

  test('of a model with other languages that does not translate is refused', async () => {
    const error = await errorOf(await post(TRANSLATIONS, ['model', 'wide-ear']));
    expect(error['message']).toMatch(/wide-ear does not translate; .*interpreter/);
  });

  test('that would be a transcript in the language spoken is an error', async () => {
    door.router.script = hears(plain);
    const response = await post(TRANSLATIONS, interpreter);
    expect(response.status).toBe(501);
    expect((await errorOf(response))['code']).toBe('not_implemented');
  });
});
