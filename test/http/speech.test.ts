import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Door, errorOf, type Script } from '../support/door.js';

const SPEECH = '/v1/audio/speech';
const ask = { model: 'tts-1', input: 'Hello.', voice: 'alloy' };
const start: SpeechEvent = { type: 'start', sampleRateHz: 22_050 };
const done: SpeechEvent = { type: 'done' };

function audio(text: string): SpeechEvent {
  return { type: 'audio', pcm: Buffer.from(text) };
}

/** A worker that sends fixed events and then fails with the error, if there is one. */
function sends(events: SpeechEvent[], failure?: Error): Script {
  return {
    async *speak() {
      yield* events;
      if (failure !== undefined) throw failure;
    },
  };
}

const lostWire = new ChorusError('replica_lost', 'Gone.').toWire();

/** What follows the first audio of a worker that fails: an event, an error, or nothing at all. */
function failsWith(failure: Error | SpeechEvent | undefined): () => AsyncGenerator<SpeechEvent> {
  return async function* fail() {
    if (failure instanceof Error) throw failure;
    if (failure !== undefined) yield failure;
  };
}

/** Something that the test opens and a scripted worker waits for. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(() => door.close());

function releases(): number[] {
  return door.router.leases.map((lease) => lease.releases);
}

describe('a spoken answer', () => {
  test('carries the audio, its type, the worker and the model', async () => {
    door.router.script = sends([start, audio('one '), audio('two'), done]);
    const response = await door.postJson(SPEECH, ask);
    expect(await response.text()).toBe('one two');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
    expect(response.headers.get('x-chorus-model')).toBe('voice-model');
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(door.router.requests).toEqual([{ service: 'tts', model: 'voice-model', cost: 6 }]);
    expect(door.router.leases[0]?.asked).toEqual([
      { model: 'voice-model', text: 'Hello.', voice: 'joe', speed: 1 },
    ]);
    expect(releases()).toEqual([1]);
  });

  test('sends the first audio before the second is made', async () => {
    const firstRead = gate();
    door.router.script = {
      async *speak() {
        yield start;
        yield audio('first');
        await firstRead.opened;
        yield audio('second');
        yield done;
      },
    };
    const response = await door.postJson(SPEECH, ask);
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first');
    firstRead.open();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('second');
    expect((await reader.read()).done).toBe(true);
  });

  test.each([
    ['mp3', undefined, 22_050, 'audio/mpeg'],
    ['wav', undefined, 22_050, 'audio/wav'],
    ['flac', 16_000, 16_000, 'audio/flac'],
    ['pcm', undefined, 24_000, 'audio/pcm'],
    ['pcm', 8_000, 8_000, 'audio/pcm'],
    ['opus', 16_000, 48_000, 'audio/ogg'],
  ])('in %s with sample_rate %s has %d Hz', async (format, rate, outputSampleRateHz, type) => {
    door.router.script = sends([start, audio('x'), done]);
    const body = { ...ask, response_format: format, sample_rate: rate };
    const response = await door.postJson(SPEECH, body);
    await response.text();
    expect(response.headers.get('content-type')).toBe(type);
    expect(door.media.encodes).toEqual([{ format, inputSampleRateHz: 22_050, outputSampleRateHz }]);
  });

  test('is given to eight clients at once', async () => {
    door.router.script = sends([start, audio('a'), audio('b'), done]);
    const texts = Array.from({ length: 8 }, async () => (await door.postJson(SPEECH, ask)).text());
    expect(await Promise.all(texts)).toEqual(Array(8).fill('ab'));
    expect(releases()).toEqual(Array(8).fill(1));
  });

  test('reaches the official client', async () => {
    door.router.script = sends([start, audio('spoken'), done]);
    const client = new OpenAI({ apiKey: 'any', baseURL: `${door.url}/v1`, maxRetries: 0 });
    const response = await client.audio.speech.create({ ...ask, response_format: 'wav' });
    expect(await response.text()).toBe('spoken');
  });

  test('waits for a slow reader', async () => {
    const chunk = Buffer.alloc(256 * 1024);
    let made = 0;
    door.router.script = {
      async *speak() {
        yield start;
        for (; made < 10_000; made += 1) yield { type: 'audio', pcm: chunk };
        yield done;
      },
    };
    const client = httpRequest(`${door.url}${SPEECH}`, { method: 'POST' });
    client.end(JSON.stringify(ask));
    const [answer] = await once(client, 'response');
    answer.pause();
    // When nothing moves any more while nobody reads, only the buffers are full.
    let before = -1;
    while (made !== before) {
      before = made;
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(1_000);
    const handled = door.handled();
    client.on('error', () => undefined);
    client.destroy();
    await handled;
    expect(releases()).toEqual([1]);
  });
});

describe('a failure before the first byte', () => {
  test('is answered as an error', async () => {
    const wire = new ChorusError('unspeakable_text', 'Nothing.', { param: 'input' }).toWire();
    door.router.script = sends([{ type: 'error', error: wire }]);
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toEqual({
      message: 'Nothing.',
      type: 'invalid_request_error',
      param: 'input',
      code: 'unspeakable_text',
    });
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(releases()).toEqual([1]);
  });

  test('on a lost worker is tried once on another', async () => {
    door.router.script = {
      async *speak({ number }) {
        yield start;
        if (number === 1) throw new ChorusError('replica_lost', 'Gone.');
        yield audio('saved');
        yield done;
      },
    };
    const response = await door.postJson(SPEECH, ask);
    expect(await response.text()).toBe('saved');
    expect(response.headers.get('x-chorus-worker')).toBe('worker-2');
    expect(releases()).toEqual([1, 1]);
  });

  test('on two lost workers is an error that asks to come again', async () => {
    door.router.script = sends([], new ChorusError('replica_lost', 'Gone.'));
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(503);
    expect((await errorOf(response))['type']).toBe('server_error');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('x-should-retry')).toBe('true');
    expect(releases()).toEqual([1, 1]);
  });

  test('that is nobody else’s fault stays inside', async () => {
    door.router.script = sends([start], new Error('secret path'));
    const logged = once(door.events, 'log');
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(500);
    expect(JSON.stringify(await errorOf(response))).not.toContain('secret');
    expect(JSON.stringify(await logged)).toContain('secret path');
    expect(releases()).toEqual([1]);
  });

  test('for want of a place carries Retry-After', async () => {
    door.router.refusal = new ChorusError('queue_full', 'Full.', { retryAfterMs: 500_000 });
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(429);
    expect((await errorOf(response))['type']).toBe('rate_limit_error');
    expect(response.headers.get('retry-after')).toBe('60');
  });

  test('for want of any audio names the input', async () => {
    door.router.script = sends([start, done]);
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(400);
    expect((await errorOf(response))['code']).toBe('unspeakable_text');
    expect(releases()).toEqual([1]);
  });

  test('by the deadline is 504', async () => {
    door.router.script = {
      async *speak(_, signal) {
        await once(signal, 'abort');
        throw new ChorusError('canceled', 'Stopped.');
        yield start;
      },
    };
    const headers = { 'X-Request-Timeout-Ms': '50' };
    const response = await door.postJson(SPEECH, ask, { headers });
    expect(response.status).toBe(504);
    expect((await errorOf(response))['code']).toBe('deadline_exceeded');
    expect(releases()).toEqual([1]);
  });
});

describe('after the first byte', () => {
  const failures: [string, () => AsyncGenerator<SpeechEvent>][] = [
    ['an error', failsWith(new ChorusError('replica_lost', 'Gone.'))],
    ['an end without done', failsWith(undefined)],
    ['an error event', failsWith({ type: 'error', error: lostWire })],
  ];
  test.each(failures)('%s breaks the connection', async (_, fail) => {
    const firstRead = gate();
    door.router.script = {
      async *speak() {
        yield start;
        yield audio('half');
        await firstRead.opened;
        yield* fail();
      },
    };
    const handled = door.handled();
    const response = await door.postJson(SPEECH, ask);
    expect(response.status).toBe(200);
    const reader = response.body!.getReader();
    await reader.read();
    firstRead.open();
    await expect(reader.read()).rejects.toThrow();
    await handled;
    expect(releases()).toEqual([1]);
  });

  test('a client that leaves stops the work', async () => {
    const stopped = new Promise<void>((resolve) => {
      door.router.script = {
        async *speak(_, signal) {
          yield start;
          yield audio('some');
          await once(signal, 'abort');
          resolve();
          throw new ChorusError('canceled', 'Stopped.');
        },
      };
    });
    const handled = door.handled();
    const leaving = new AbortController();
    const response = await door.postJson(SPEECH, ask, { signal: leaving.signal });
    await response.body!.getReader().read();
    leaving.abort();
    await stopped;
    await handled;
    expect(releases()).toEqual([1]);
  });
});
