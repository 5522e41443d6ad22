import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { TranscriptionRequest } from '../../../src/protocol/requests.js';
import { Door } from '../../support/door.js';
import { segment } from '../../support/transcript.js';
import { chineseEar, ear, namesOf, nlsBody } from './doors.js';

const ROUTE = '/stream/v1/asr';
const INVALID = 40_000_003;
const pcm = Buffer.alloc(32_000, 1);
const wav = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), pcm]);

let door: Door;
let heard: Buffer | undefined;
let words = [' Um, twenty five', ' dogs, she said.'];
let language = 'en';
beforeEach(async () => {
  door = await Door.open({ catalogue: namesOf([ear, chineseEar]) });
  script();
});
afterEach(async () => {
  expect(await door.spooled()).toEqual([]);
  await door.close();
});

function script(): void {
  heard = undefined;
  words = [' Um, twenty five', ' dogs, she said.'];
  language = 'en';
  door.router.script = {
    async *hear({ asked }) {
      heard = readFileSync((asked[0] as TranscriptionRequest).pcmPath);
      yield { type: 'start', language };
      for (const [id, text] of words.entries()) {
        yield { type: 'segment', segment: segment(id, id, id + 1, text) };
      }
      yield { type: 'done' };
    },
  };
}

async function reopen(options: Parameters<typeof Door.open>[0]): Promise<void> {
  await door.close();
  door = await Door.open({ catalogue: namesOf([ear, chineseEar]), ...options });
  script();
}

function post(query: string, body: Buffer | string = pcm, headers: Record<string, string> = {}) {
  return door.get(`${ROUTE}${query}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers,
  });
}

async function result(query: string): Promise<unknown> {
  return (await nlsBody(await post(query)))['result'];
}

test('an answer has its id twice, and says who heard', async () => {
  const response = await post('?appkey=any&format=pcm&sample_rate=16000');
  const id = response.headers.get('task_id');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
  expect(response.headers.get('x-chorus-model')).toBe('ear');
  expect(await nlsBody(response)).toEqual({
    task_id: id,
    result: 'Um twenty five dogs she said',
    status: 20_000_000,
    message: 'SUCCESS',
  });
  expect(door.router.requests).toMatchObject([{ service: 'asr', model: 'ear' }]);
  expect(door.router.leases.map(({ releases }) => releases)).toEqual([1]);
});

describe('the switches', () => {
  test.each([
    ['?enable_punctuation_prediction=true', 'Um, twenty five dogs, she said.'],
    ['?enable_punctuation_prediction=1&disfluency=TRUE', 'Twenty five dogs, she said.'],
    ['?enable_inverse_text_normalization=true', 'Um 25 dogs she said'],
    ['?disfluency=0&enable_voice_detection=true', 'Um twenty five dogs she said'],
    ['?enable_punctuation_prediction=false&disfluency=', 'Um twenty five dogs she said'],
  ])('%s', async (query, text) => {
    expect(await result(query)).toBe(text);
  });

  test('follow the script where the model tells no language', async () => {
    words = ['嗯，三百二十五个，', '很好。'];
    expect(await result('?enable_inverse_text_normalization=1&disfluency=1')).toBe('325个很好');
  });
});

describe('raw samples', () => {
  test.each([8000, 16_000])('at %i Hz get a header that says so', async (rateHz) => {
    await nlsBody(await post(`?format=PCM&sample_rate=${rateHz}`));
    expect(heard?.toString('latin1', 0, 4)).toBe('RIFF');
    expect(heard?.readUInt32LE(24)).toBe(rateHz);
    expect(heard?.subarray(44)).toEqual(pcm);
  });

  test.each(['24000', '44100', '11025', '0', '-1', 'fast', '16000.5', '1e9'])(
    'have no rate of %s',
    async (rate) => {
      const body = await nlsBody(await post(`?sample_rate=${rate}`));
      expect(body).toMatchObject({ status: 41_010_101, result: '' });
      expect(body['message']).toMatch(/sample_rate must be /);
    },
  );

  test.each(['wav', 'mp3', 'opus'])('are no %s', async (format) => {
    expect(await nlsBody(await post(`?format=${format}`))).toMatchObject({
      status: INVALID,
      message: `format is ${format}, and the audio is none; raw 16-bit mono samples are pcm.`,
    });
  });

  test.each(['multipart/form-data; boundary=x', 'application/json'])(
    'come in no %s',
    async (type) => {
      const body = await nlsBody(await post('', '{"audio":"AAAA"}', { 'Content-Type': type }));
      expect(body).toMatchObject({ status: 40_000_000, message: /body itself/ });
    },
  );

  test('may be one byte', async () => {
    expect((await nlsBody(await post('', 'a'))).status).toBe(20_000_000);
  });
});

test.each(['', '?format=wav', '?format=mp3&sample_rate=44100'])(
  'a file that says what it is stays as it is: %s',
  async (query) => {
    await nlsBody(await post(query, wav, { 'Content-Type': 'multipart/mixed' }));
    expect(heard).toEqual(wav);
  },
);

describe('is refused:', () => {
  test.each([
    ['enable_punctuation_prediction=maybe', 'enable_punctuation_prediction must be true, false'],
    ['enable_inverse_text_normalization=2', 'enable_inverse_text_normalization must be'],
    ['enable_voice_detection=on', 'enable_voice_detection must be'],
    ['disfluency=yes', 'disfluency must be'],
    ['format=exe', 'format must be one of pcm, wav'],
    [`vocabulary_id=${'v'.repeat(129)}`, 'vocabulary_id must have at most 128'],
    [`customization_id=${'c'.repeat(129)}`, 'customization_id must have at most 128'],
    [`audio_address=http://${'a'.repeat(2048)}`, 'audio_address must have at most 2048'],
  ])('%s', async (query, message) => {
    expect(await nlsBody(await post(`?${query}`))).toMatchObject({
      status: INVALID,
      message: expect.stringContaining(message),
    });
    expect(door.router.requests).toEqual([]);
  });

  test('no audio at all, with a length or without', async () => {
    const empty = { status: 40_000_000, message: expect.stringContaining('The body is empty') };
    expect(await nlsBody(await door.get(ROUTE, { method: 'POST' }))).toMatchObject(empty);
    const chunked = { method: 'POST', body: new ReadableStream({ start: (c) => c.close() }) };
    const options = { ...chunked, duplex: 'half' } as RequestInit;
    expect(await nlsBody(await door.get(ROUTE, options))).toMatchObject(empty);
  });

  test('what is no audio, and what is compressed on its way', async () => {
    door.media.decode = () =>
      Promise.reject(new ChorusError('undecodable_audio', 'The file is no audio.'));
    expect(await nlsBody(await post('', wav))).toMatchObject({ status: 40_000_000 });
    const gzip = await post('', wav, { 'Content-Encoding': 'gzip' });
    expect(await nlsBody(gzip)).toMatchObject({ status: 40_000_000, message: /Content-Encoding/ });
  });

  test('one byte too many, told or not', async () => {
    await reopen({ maxUploadBytes: 1000 });
    const tooLarge = { status: 40_000_000, message: /larger than the 1000 bytes/ };
    expect(await nlsBody(await post('', Buffer.alloc(1001)))).toMatchObject(tooLarge);
    expect((await nlsBody(await post('', Buffer.alloc(1000)))).status).toBe(20_000_000);
    const body = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < 11; at += 1) controller.enqueue(new Uint8Array(91));
        controller.close();
      },
    });
    const options = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect(await nlsBody(await door.get(ROUTE, options))).toMatchObject(tooLarge);
  });

  test('100 MB and a byte before it is sent', async () => {
    await reopen({ maxUploadBytes: 512 * 2 ** 20 });
    const { status, body, continued } = await announce(100 * 2 ** 20 + 1);
    expect({ status, continued }).toEqual({ status: 200, continued: false });
    expect(JSON.parse(body)).toMatchObject({ status: 40_000_000, message: /104857600 bytes/ });
  });

  test('a crowd, with the time after which to come again', async () => {
    const refusal = new ChorusError('queue_full', 'Too many wait.', { retryAfterMs: 3000 });
    door.router.refusal = refusal;
    const response = await post('');
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await nlsBody(response)).toMatchObject({ status: 40_000_005, result: '' });
  });

  test('files, where only live speech is heard', async () => {
    await reopen({ asrModelMode: 'realtime' });
    expect(await nlsBody(await post(''))).toMatchObject({
      status: INVALID,
      message: expect.stringContaining('ASR_MODEL_MODE is realtime'),
    });
  });
});

/** Asks before it sends. */
async function announce(bytes: number) {
  const headers = { 'Content-Length': String(bytes), Expect: '100-continue' };
  const asked = request(`${door.url}${ROUTE}`, { method: 'POST', headers });
  let continued = false;
  asked.on('continue', () => (continued = true));
  asked.flushHeaders();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  while (Buffer.concat(chunks).length < Number(answer.headers['content-length'])) {
    await once(answer, 'data');
  }
  asked.destroy();
  return { status: answer.statusCode, body: Buffer.concat(chunks).toString(), continued };
}

describe('customization_id', () => {
  test.each([
    ['ohr', 'ohr'],
    ['ear', 'ear'],
    ['paraformer-large', 'ohr'],
    ['qwen3-asr-flash', 'ohr'],
    ['', 'ear'],
  ])('%s means %s', async (id, model) => {
    const response = await post(`?customization_id=${id}`);
    expect(response.headers.get('x-chorus-model')).toBe(model);
  });

  test('of no model is refused', async () => {
    expect(await nlsBody(await post('?customization_id=mine'))).toMatchObject({
      status: INVALID,
      message: 'customization_id: There is no model mine here.',
    });
  });

  test("of FunSpeech's names a model that would hear Chinese, if none does", async () => {
    await reopen({ catalogue: namesOf([ear], [chineseEar]) });
    expect(await nlsBody(await post('?customization_id=paraformer-large'))).toMatchObject({
      status: INVALID,
      message:
        'customization_id: paraformer-large hears Chinese, and no configured model does; ohr does: ' +
        'add it to ASR_MODELS. Configured: ear; without customization_id the first of them is used.',
    });
  });

  test('and a vocabulary_id has no effect, which the answer says', async () => {
    const response = await post('?vocabulary_id=v1');
    expect(response.headers.get('x-chorus-ignored')).toBe('vocabulary_id');
  });
});

describe('audio_address', () => {
  let files: Server;
  let address = '';
  beforeEach(async () => {
    files = createServer((req, res) => {
      if (req.url === '/none') res.statusCode = 404;
      res.end(req.url === '/wav' ? wav : req.url === '/pcm' ? pcm : '');
    });
    await once(files.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    await reopen({ fetchAllowHosts: ['127.0.0.1'] });
  });
  afterEach(() => void files.close());

  const fetched = (path: string, more = '') =>
    door.get(`${ROUTE}?audio_address=${encodeURIComponent(address + path)}${more}`, {
      method: 'POST',
    });

  test('is fetched, and its audio heard like a body', async () => {
    expect((await nlsBody(await fetched('/wav'))).status).toBe(20_000_000);
    expect(heard).toEqual(wav);
    expect((await nlsBody(await fetched('/pcm', '&sample_rate=8000'))).status).toBe(20_000_000);
    expect(heard?.readUInt32LE(24)).toBe(8000);
    expect(heard?.subarray(44)).toEqual(pcm);
  });

  test('is refused where nothing lies, or nothing may be fetched', async () => {
    expect(await nlsBody(await fetched('/none'))).toMatchObject({ status: INVALID });
    expect(await nlsBody(await fetched('/empty'))).toMatchObject({
      status: 40_000_000,
      message: 'What lies at audio_address is empty.',
    });
    await reopen({});
    expect(await nlsBody(await fetched('/wav'))).toMatchObject({ status: INVALID });
    for (const bad of [
      'file:///etc/passwd',
      'http://localhost/',
      'nonsense',
      'http://10.0.0.1/a',
    ]) {
      const query = `?audio_address=${encodeURIComponent(bad)}`;
      expect(await nlsBody(await post(query))).toMatchObject({ status: INVALID });
    }
    expect(heard).toBeUndefined();
  });
});

test('a client that leaves in the middle leaves nothing behind', async () => {
  const asked = request(`${door.url}${ROUTE}`, {
    method: 'POST',
    headers: { 'Content-Length': 9 },
  });
  const handled = door.handled();
  asked.on('error', () => undefined);
  asked.write('abc', () => asked.destroy());
  await handled;
  expect(await door.spooled()).toEqual([]);
});
