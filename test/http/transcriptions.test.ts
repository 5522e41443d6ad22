import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError, ERROR_TABLE, type ErrorCode } from '../../src/protocol/errors.js';
import type { TranscriptionRequest } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';
import { openForm } from '../support/form.js';
import { segment } from '../support/transcript.js';

const ROUTE = '/v1/audio/transcriptions';
const speech = new Blob([Buffer.alloc(32_000, 1)]);

let door: Door;
let heard: Buffer | undefined;
beforeEach(async () => {
  door = await Door.open();
  heard = undefined;
  door.router.script = {
    async *hear({ asked }) {
      heard = readFileSync((asked[0] as TranscriptionRequest).pcmPath);
      yield { type: 'start', language: 'en' };
      yield { type: 'segment', segment: segment(0, 0, 0.5, ' Fish & chips') };
      yield { type: 'segment', segment: segment(1, 0.5, 1, ' <now>.') };
      yield { type: 'done' };
    },
  };
});
afterEach(async () => {
  expect(await door.spooled()).toEqual([]);
  await door.close();
});

function releases(): number[] {
  return door.router.leases.map((lease) => lease.releases);
}

function transcribe(fields: Record<string, string> = {}): Promise<Response> {
  const all = { model: 'whisper-1', ...fields };
  return door.postForm(ROUTE, [['file', speech], ...Object.entries(all)]);
}

describe('a transcript', () => {
  test('in json has the text and what was used', async () => {
    const response = await transcribe();
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
    expect(response.headers.get('x-chorus-model')).toBe('ear-model');
    expect(await response.json()).toEqual({
      text: 'Fish & chips <now>.',
      usage: { type: 'duration', seconds: 1 },
    });
    expect(heard).toHaveLength(32_000);
    expect(door.router.requests).toMatchObject([{ service: 'asr', model: 'ear-model', cost: 1 }]);
    expect(releases()).toEqual([1]);
  });

  test('in verbose_json has segments', async () => {
    const response = await transcribe({ response_format: 'verbose_json' });
    expect(await response.json()).toEqual({
      task: 'transcribe',
      language: 'english',
      duration: 1,
      text: 'Fish & chips <now>.',
      segments: [
        {
          id: 0,
          seek: 0,
          start: 0,
          end: 0.5,
          text: ' Fish & chips',
          tokens: [1, 2],
          temperature: 0,
          avg_logprob: -0.25,
          compression_ratio: 1.5,
          no_speech_prob: 0.1,
        },
        expect.objectContaining({ id: 1, text: ' <now>.' }),
      ],
      usage: { type: 'duration', seconds: 1 },
    });
  });

  test.each([
    ['text', 'text/plain; charset=utf-8', 'Fish & chips <now>.\n'],
    [
      'srt',
      'application/x-subrip; charset=utf-8',
      '1\n00:00:00,000 --> 00:00:01,000\nFish & chips <now>.\n',
    ],
    [
      'vtt',
      'text/vtt; charset=utf-8',
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nFish &amp; chips &lt;now&gt;.\n',
    ],
  ])('in %s is plain', async (format, type, body) => {
    const response = await transcribe({ response_format: format });
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(body);
  });

  test('takes what the form says', async () => {
    const fields = {
      language: 'EN',
      prompt: 'Names: Zoë.',
      temperature: '0.2',
      'timestamp_granularities[]': 'segment',
      beam_size: '5',
      condition_on_previous_text: 'True',
      chunking_strategy: '{"type":"server_vad","threshold":0.4}',
      stream: 'False',
      'keywords[]': 'Zoë',
      unknown: 'x',
    };
    expect((await transcribe(fields)).status).toBe(200);
    expect(door.router.leases[0]?.asked[0]).toEqual({
      model: 'ear-model',
      pcmPath: expect.any(String),
      language: 'en',
      prompt: 'Names: Zoë.',
      temperature: 0.2,
      samples: 16_000,
      beamSize: 5,
      conditionOnPreviousText: true,
      segmentation: { threshold: 0.4, prefixPaddingMs: 300, silenceDurationMs: 200 },
    });
  });

  test('is made of a file that comes before the model and without a length', async () => {
    const request = openForm(`${door.url}${ROUTE}`);
    expect(request.getHeader('content-length')).toBeUndefined();
    const model = 'Content-Disposition: form-data; name="model"';
    request.write(Buffer.alloc(500_000, 3));
    request.end(`\r\n--cut\r\n${model}\r\n\r\nwhisper-1\r\n--cut--\r\n`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(await text(response)).toMatch(/Fish/);
    expect(heard).toHaveLength(500_000);
  });

  test('reaches the official client', async () => {
    const client = new OpenAI({ apiKey: 'any', baseURL: `${door.url}/v1`, maxRetries: 0 });
    const file = await toFile(Buffer.alloc(960_000, 7), 'a.wav');
    const transcript = await client.audio.transcriptions.create({ file, model: 'whisper-1' });
    expect(transcript.text).toBe('Fish & chips <now>.');
    expect(heard).toHaveLength(960_000);
  });

  test('is asked of another worker when the first is lost', async () => {
    const { hear } = door.router.script;
    door.router.script = {
      async *hear(lease, signal) {
        if (lease.number === 1) throw new ChorusError('replica_lost', 'Gone.');
        yield* hear?.(lease, signal) ?? [];
      },
    };
    const response = await transcribe();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-chorus-worker')).toBe('worker-2');
    expect(releases()).toEqual([1, 1]);
  });

  test('that stops without done is no transcript', async () => {
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
      },
    };
    const response = await transcribe();
    expect(response.status).toBe(503);
    expect(releases()).toEqual([1, 1]);
  });
});

describe('a request to transcribe is refused', () => {
  interface Refusal {
    readonly why: string;
    /** The field at fault, and what it holds. */
    readonly field: readonly [name: string, value: string];
    readonly says: RegExp;
    /** `invalid_value` unless told. */
    readonly code?: ErrorCode;
  }
  const foreign = 'unsupported_language';
  const refused: Refusal[] = [
    { why: 'no model', field: ['model', ''], code: 'missing_field', says: /model/ },
    { why: 'an unknown model', field: ['model', 'x'], code: 'model_not_found', says: /x/ },
    { why: 'a model that speaks', field: ['model', 'tts-1'], code: 'wrong_task', says: /tts/ },
    { why: 'a foreign language', field: ['language', 'de'], code: foreign, says: /wide-ear/ },
    { why: 'an unheard language', field: ['language', 'tlh'], code: foreign, says: /en/ },
    { why: 'no language', field: ['language', '?'], says: /ISO 639-1/ },
    { why: 'a high temperature', field: ['temperature', '1.1'], says: /0 to 1/ },
    { why: 'no temperature', field: ['temperature', 'hot'], says: /0 to 1/ },
    { why: 'a long prompt', field: ['prompt', 'a'.repeat(4097)], says: /4096/ },
    { why: 'a field too large', field: ['prompt', 'a'.repeat(70_000)], says: /65536/ },
    { why: 'an unknown format', field: ['response_format', 'x'], says: /verbose_json/ },
    { why: 'words in json', field: ['timestamp_granularities[]', 'word'], says: /verbose_json/ },
    { why: 'times of letters', field: ['timestamp_granularities[]', 'letter'], says: /segment/ },
    { why: 'more than there is', field: ['include[]', 'secrets'], says: /logprobs/ },
    { why: 'no beam', field: ['beam_size', '0'], says: /1 to 5/ },
    { why: 'a wide beam', field: ['beam_size', '6'], says: /1 to 5/ },
    { why: 'a half beam', field: ['beam_size', '1.5'], says: /1 to 5/ },
    { why: 'no truth', field: ['condition_on_previous_text', 'maybe'], says: /true or false/ },
    { why: 'an unknown strategy', field: ['chunking_strategy', 'none'], says: /auto/ },
    { why: 'a broken strategy', field: ['chunking_strategy', '{"type":'], says: /auto/ },
  ];
  test.each(refused)('for $why', async ({ field: [name, value], says, code }) => {
    const response = await transcribe({ [name]: value });
    expect(response.status).toBe(ERROR_TABLE[code ?? 'invalid_value'].status);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: code ?? 'invalid_value', param: name.replace('[]', '') });
    expect(error['message']).toMatch(says);
    expect(door.router.leases).toEqual([]);
  });

  test('for a file that is no audio', async () => {
    const noise = new Blob(['noise']);
    const response = await door.postForm(ROUTE, [
      ['file', noise],
      ['model', 'whisper-1'],
    ]);
    expect(response.status).toBe(400);
    expect((await errorOf(response))['code']).toBe('undecodable_audio');
  });

  test('for a missing, an empty and a nameless file', async () => {
    const model = ['model', 'whisper-1'] as const;
    const missing = await door.postForm(ROUTE, [model]);
    const empty = await door.postForm(ROUTE, [['file', new Blob([])], model]);
    const nameless = await door.postForm(ROUTE, [['file', 'abc'], model]);
    expect(await errorOf(missing)).toMatchObject({ code: 'missing_field', param: 'file' });
    expect(await errorOf(empty)).toMatchObject({ code: 'empty_audio', param: 'file' });
    expect((await errorOf(nameless))['message']).toMatch(/-F file=@/);
  });

  test('for a body that is no form', async () => {
    const json = await door.postJson(ROUTE, {});
    expect(json.status).toBe(400);
    expect((await errorOf(json))['message']).toMatch(/multipart\/form-data/);
    const headers = { 'Content-Type': 'multipart/form-data' };
    const unbounded = await door.get(ROUTE, { method: 'POST', body: 'x', headers });
    expect((await errorOf(unbounded))['message']).toMatch(/boundary/);
  });

  test.each([
    ['in the file', (form: ClientRequest) => form.end('only half')],
    ['in a field', cutInField],
    ['in a header', (form: ClientRequest) => form.end('x\r\n--cut\r\nContent-')],
  ])('for a form that is cut off %s', async (_, cut) => {
    const request = openForm(`${door.url}${ROUTE}`);
    cut(request);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(await text(response)).toMatch(/cut off/);
  });

  function cutInField(form: ClientRequest): void {
    form.end('x\r\n--cut\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhis');
  }

  test('for more fields than a form may have', async () => {
    const many = Array.from({ length: 70 }, (_, index) => [`f${index}`, 'x'] as const);
    const response = await door.postForm(ROUTE, [...many, ['file', speech]]);
    expect(response.status).toBe(400);
  });
});
