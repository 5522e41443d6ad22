import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import type { TranscriptSegment, TranscriptionRequest } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';

const ROUTE = '/v1/audio/transcriptions';
const speech = new Blob([Buffer.alloc(32_000, 1)]);

function segment(id: number, start: number, end: number, words: string): TranscriptSegment {
  const numbers = { temperature: 0, avgLogprob: -0.25, compressionRatio: 1.5, noSpeechProb: 0.1 };
  return { id, seek: 0, start, end, text: words, tokens: [1, 2], ...numbers };
}

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

/** Starts a form by hand, so that a test decides what comes after. */
function openForm(headers: Record<string, string | number> = {}) {
  const request = httpRequest(`${door.url}${ROUTE}`, {
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=cut', ...headers },
  });
  request.on('error', () => undefined);
  const head = 'Content-Disposition: form-data; name="file"; filename="a.wav"';
  request.write(`--cut\r\n${head}\r\n\r\n`);
  return request;
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
    expect(door.router.requests).toEqual([{ service: 'asr', model: 'ear-model', cost: 1 }]);
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
      '1\n00:00:00,000 --> 00:00:00,500\nFish & chips\n\n2\n00:00:00,500 --> 00:00:01,000\n<now>.\n',
    ],
    [
      'vtt',
      'text/vtt; charset=utf-8',
      'WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nFish &amp; chips\n\n' +
        '00:00:00.500 --> 00:00:01.000\n&lt;now&gt;.\n',
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
      stream: 'true',
      'include[]': 'logprobs',
      unknown: 'x',
    };
    expect((await transcribe(fields)).status).toBe(200);
    expect(door.router.leases[0]?.asked[0]).toMatchObject({
      language: 'en',
      prompt: 'Names: Zoë.',
      temperature: 0.2,
      samples: 16_000,
    });
  });

  test('is made of a file that comes before the model and without a length', async () => {
    const request = openForm();
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
        yield* hear!(lease, signal);
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
  const fields: [string, Record<string, string>, number, string, string, RegExp][] = [
    ['no model', { model: '' }, 400, 'missing_field', 'model', /model/],
    ['an unknown model', { model: 'x' }, 404, 'model_not_found', 'model', /x/],
    ['a model that speaks', { model: 'tts-1' }, 400, 'wrong_task', 'model', /tts/],
    ['a foreign language', { language: 'de' }, 400, 'unsupported_language', 'language', /wide-ear/],
    ['an unheard language', { language: 'tlh' }, 400, 'unsupported_language', 'language', /en/],
    ['no language', { language: '?' }, 400, 'invalid_value', 'language', /ISO 639-1/],
    ['a high temperature', { temperature: '1.1' }, 400, 'invalid_value', 'temperature', /0 to 1/],
    ['no temperature', { temperature: 'hot' }, 400, 'invalid_value', 'temperature', /0 to 1/],
    ['a long prompt', { prompt: 'a'.repeat(4097) }, 400, 'invalid_value', 'prompt', /4096/],
    ['a field too large', { prompt: 'a'.repeat(70_000) }, 400, 'invalid_value', 'prompt', /65536/],
    ['a format', { response_format: 'x' }, 400, 'invalid_value', 'response_format', /verbose_json/],
    [
      'words',
      { 'timestamp_granularities[]': 'word' },
      400,
      'invalid_value',
      'timestamp_granularities',
      /not available yet/,
    ],
  ];
  test.each(fields)('for %s', async (_, change, status, code, param, message) => {
    const response = await transcribe(change);
    expect(response.status).toBe(status);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, param });
    expect(error['message']).toMatch(message);
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
    ['in the file', (form: ReturnType<typeof openForm>) => form.end('only half')],
    ['in a field', cutInField],
    ['in a header', (form: ReturnType<typeof openForm>) => form.end('x\r\n--cut\r\nContent-')],
  ])('for a form that is cut off %s', async (_, cut) => {
    const request = openForm();
    cut(request);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(await text(response)).toMatch(/cut off/);
  });

  function cutInField(form: ReturnType<typeof openForm>): void {
    form.end('x\r\n--cut\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhis');
  }

  test('for more fields than a form may have', async () => {
    const many = Array.from({ length: 70 }, (_, index) => [`f${index}`, 'x'] as const);
    const response = await door.postForm(ROUTE, [...many, ['file', speech]]);
    expect(response.status).toBe(400);
  });
});

describe('an upload over the cap', () => {
  test('is refused before a byte of it is read if it says so', async () => {
    const request = openForm({ 'Content-Length': 20 * 1024 * 1024 });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe('close');
    expect(await text(response)).toMatch(/upload_too_large/);
    const handled = door.handled();
    request.destroy();
    await handled;
  });

  test('is not even asked for by a client that waits', async () => {
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    socket.write(
      `POST ${ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=cut\r\n` +
        'Content-Length: 20000000\r\nExpect: 100-continue\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 413 /);
    const handled = door.handled();
    socket.destroy();
    await handled;
  });

  test('is refused while it arrives, and the client sees the answer', async () => {
    const request = openForm();
    const bytes = Buffer.alloc(20 * 1024 * 1024);
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const handled = door.handled();
    // A client that sends everything before it looks for the answer.
    await new Promise<void>((resolve) => request.write(bytes, () => resolve()));
    request.end('\r\n--cut--\r\n');
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    expect(await text(response)).toMatch(/1048576 bytes/);
    await handled;
  });

  test('by nothing is welcome', async () => {
    const file = new Blob([Buffer.alloc(1024 * 1024)]);
    const response = await door.postForm(ROUTE, [
      ['file', file],
      ['model', 'whisper-1'],
    ]);
    expect(response.status).toBe(200);
  });
});

describe('a client that leaves', () => {
  test('in the middle of the upload leaves no file', async () => {
    const request = openForm();
    request.write(Buffer.alloc(200_000));
    while (!(await door.spooled()).some((name) => name.endsWith('file'))) {
      await new Promise(setImmediate);
    }
    const handled = door.handled();
    request.destroy();
    await handled;
    expect(door.router.leases).toEqual([]);
  });

  test('while it is being heard stops the work', async () => {
    let pcmPath = '';
    const leaving = new AbortController();
    door.router.script = {
      async *hear({ asked }, signal) {
        pcmPath = (asked[0] as TranscriptionRequest).pcmPath;
        leaving.abort();
        await once(signal, 'abort');
        throw new ChorusError('canceled', 'Stopped.');
        yield { type: 'done' };
      },
    };
    const handled = door.handled();
    const form = new FormData();
    form.append('file', speech);
    form.append('model', 'whisper-1');
    const init = { method: 'POST', body: form, signal: leaving.signal };
    await expect(door.get(ROUTE, init)).rejects.toThrow();
    await handled;
    expect(pcmPath).not.toBe('');
    expect(existsSync(pcmPath)).toBe(false);
    expect(releases()).toEqual([1]);
  });
});

test('eight uploads at once stay apart', async () => {
  door.router.script = {
    async *hear({ asked }) {
      const bytes = readFileSync((asked[0] as TranscriptionRequest).pcmPath);
      yield { type: 'start', language: 'en' };
      yield { type: 'segment', segment: segment(0, 0, 1, `${bytes[0]}`) };
      yield { type: 'done' };
    },
  };
  const texts = Array.from({ length: 8 }, async (_, index) => {
    const file = new Blob([Buffer.alloc(300_000, index + 1)]);
    const response = await door.postForm(ROUTE, [
      ['file', file],
      ['model', 'whisper-1'],
      ['response_format', 'text'],
    ]);
    return (await response.text()).trim();
  });
  expect(await Promise.all(texts)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
});
