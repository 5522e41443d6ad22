import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { streamedWavHeader } from '../../src/audio/wav-header.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { ask, audio, done, sends, SPEECH, start } from '../support/scripted-speech.js';
import { gate, readerOf, textOf } from '../support/streams.js';

const start16: SpeechEvent = {
  type: 'start',
  sampleRateHz: 22_050,
  deterministic: false,
  isS16: true,
};

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
    expect(door.router.requests).toMatchObject([{ service: 'tts', model: 'voice-model', cost: 6 }]);
    expect(door.router.leases[0]?.asked).toEqual([
      { model: 'voice-model', text: 'Hello.', voice: 'joe', speed: 1 },
    ]);
    expect(releases()).toEqual([1]);
  });

  test('has its encoder started while the first audio is made', async () => {
    door.router.script = {
      async *speak() {
        yield start;
        await eventually(() => expect(door.media.encodes).toHaveLength(1));
        yield audio('first');
        yield done;
      },
    };
    expect(await (await door.postJson(SPEECH, ask)).text()).toBe('first');
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
    const chunks = readerOf(response);
    expect(textOf(await chunks.read())).toBe('first');
    firstRead.open();
    expect(textOf(await chunks.read())).toBe('second');
    expect((await chunks.read()).done).toBe(true);
  });

  test.each([
    ['mp3', undefined, 22_050, 'audio/mpeg'],
    ['wav', 16_000, 16_000, 'audio/wav'],
    ['flac', 16_000, 16_000, 'audio/flac'],
    ['pcm', undefined, 24_000, 'audio/pcm'],
    ['pcm', 8_000, 8_000, 'audio/pcm'],
    ['opus', 16_000, 48_000, 'audio/ogg'],
    ['aac', undefined, 22_050, 'audio/aac'],
    ['aac', 44_100, 44_100, 'audio/aac'],
  ])('in %s with sample_rate %s has %d Hz', async (format, rate, outputSampleRateHz, type) => {
    door.router.script = sends([start, audio('x'), done]);
    const body = { ...ask, response_format: format, sample_rate: rate };
    const response = await door.postJson(SPEECH, body);
    await response.text();
    expect(response.headers.get('content-type')).toBe(type);
    expect(door.media.encodes).toEqual([{ format, inputSampleRateHz: 22_050, outputSampleRateHz }]);
  });

  test.each([
    ['wav', undefined, 'any', 44],
    ['wav', 22_050, 22_050, 44],
    ['pcm', 22_050, 22_050, 0],
  ])('in %s with sample_rate %s is what the worker sends', async (format, rate, asked, header) => {
    door.router.script = sends([start16, audio('one '), audio('two'), done]);
    const body = { ...ask, response_format: format, sample_rate: rate };
    const bytes = Buffer.from(await (await door.postJson(SPEECH, body)).arrayBuffer());
    expect(bytes.subarray(header).toString()).toBe('one two');
    if (header > 0)
      expect(bytes.subarray(0, header)).toEqual(Buffer.from(streamedWavHeader(22_050)));
    expect(door.router.leases[0]?.asked).toMatchObject([{ s16RateHz: asked }]);
    expect(door.media.encodes).toEqual([]);
    expect(releases()).toEqual([1]);
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
    const response = await client.audio.speech.create({ ...ask, response_format: 'mp3' });
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
