import { once } from 'node:events';
import { Stream } from 'openai/core/streaming.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';
import { ask, audio, done, sends, SPEECH, start } from '../support/scripted-speech.js';
import { eventsOf, type SentEvent } from '../support/server-sent-events.js';
import { gate } from '../support/streams.js';

const RATE_HZ = 22_050;
const asEvents = { ...ask, stream_format: 'sse' };
/** Audio that the scripted encoder passes on. */
const silence = (samples: number): SpeechEvent => ({
  type: 'audio',
  pcm: new Uint8Array(samples * 4),
});
const mark = (piece: number, samples: number): SpeechEvent => ({
  ...{ type: 'mark', piece, samples },
  marks: {
    ...{ sentence: piece, start: 0, end: 6, fromSample: 0, toSample: samples },
    words: [{ start: 0, end: 5, fromSample: 0, toSample: samples / 2 }],
  },
});

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(() => door.close());

const audioOf = (events: readonly SentEvent[]): Buffer =>
  Buffer.concat(events.map(({ audio: part = '' }) => Buffer.from(part, 'base64')));

describe('a spoken answer as events', () => {
  test('carries the audio, and at last what was used', async () => {
    door.router.script = sends([start, silence(RATE_HZ), audio('four'), done]);
    const response = await door.postJson(SPEECH, asEvents);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
    const events = await eventsOf(response);
    const spoken = Buffer.concat([Buffer.alloc(RATE_HZ * 4), Buffer.from('four')]);
    expect(audioOf(events).equals(spoken)).toBe(true);
    const types = new Set(events.slice(0, -1).map(({ type }) => type));
    expect([...types]).toEqual(['speech.audio.delta']);
    expect(events.at(-1)).toEqual({
      type: 'speech.audio.done',
      usage: { input_tokens: 6, output_tokens: 21, total_tokens: 27 },
    });
  });

  test('keeps each event small', async () => {
    door.router.script = sends([start, silence(RATE_HZ * 5), done]);
    const events = await eventsOf(await door.postJson(SPEECH, asEvents));
    expect(events.length).toBeGreaterThan(10);
    for (const { audio: part = '' } of events) expect(part.length).toBeLessThanOrEqual(32 * 1024);
  });

  test('tells the times of sentences and words before their audio', async () => {
    door.router.script = sends([
      ...[start, mark(0, RATE_HZ), silence(RATE_HZ / 2), silence(RATE_HZ / 2)],
      ...[mark(1, RATE_HZ), silence(RATE_HZ), done],
    ]);
    const body = { ...asEvents, timestamp_granularities: ['word', 'sentence'] };
    const events = await eventsOf(await door.postJson(SPEECH, body));
    const times = events.filter(({ type }) => type === 'speech.audio.marks');
    expect(times).toEqual([
      {
        type: 'speech.audio.marks',
        sentences: [{ sentence: 0, start: 0, end: 1, text_start: 0, text_end: 6 }],
        words: [{ word: 'Hello', start: 0, end: 0.5, text_start: 0, text_end: 5 }],
      },
      {
        type: 'speech.audio.marks',
        sentences: [{ sentence: 1, start: 1, end: 2, text_start: 0, text_end: 6 }],
        words: [{ word: 'Hello', start: 1, end: 1.5, text_start: 0, text_end: 5 }],
      },
    ]);
    for (const [nth, one] of times.entries()) {
      const before = audioOf(events.slice(0, events.indexOf(one)));
      expect(before.length).toBeLessThanOrEqual(nth * RATE_HZ * 4);
    }
  });

  test.each([
    ['word', ['words']],
    [['sentence'], ['sentences']],
    [[], []],
  ])('tells no times but those asked for: %j', async (granularities, fields) => {
    door.router.script = sends([start, mark(0, 10), silence(10), done]);
    const body = { ...asEvents, 'timestamp_granularities[]': granularities };
    const events = await eventsOf(await door.postJson(SPEECH, body));
    const told = events.filter(({ type }) => type === 'speech.audio.marks');
    expect(told.flatMap((one) => Object.keys(one)).filter((key) => key !== 'type')).toEqual(fields);
  });

  test('tells no times where the engine knows none', async () => {
    door.router.script = sends([start, { type: 'mark', piece: 0, samples: 10 }, silence(10), done]);
    const body = { ...asEvents, timestamp_granularities: ['word', 'sentence'] };
    const events = await eventsOf(await door.postJson(SPEECH, body));
    expect(events.map(({ type }) => type)).toEqual(['speech.audio.delta', 'speech.audio.done']);
  });

  test('is an error like any other before the first audio', async () => {
    door.router.script = sends([start, done]);
    const response = await door.postJson(SPEECH, asEvents);
    expect(response.status).toBe(400);
    expect((await errorOf(response))['code']).toBe('unspeakable_text');
  });
});

describe('an answer as events that fails in the middle', () => {
  /** An answer that fails when its first audio has been read. */
  async function failing(init: RequestInit = {}): Promise<{ response: Response; fail(): void }> {
    const read = gate();
    door.router.script = {
      async *speak(_, signal) {
        yield start;
        yield audio('half');
        await Promise.race([read.opened, once(signal, 'abort')]);
        throw new ChorusError('model_failed', 'The model broke.');
      },
    };
    return { response: await door.postJson(SPEECH, asEvents, init), fail: read.open };
  }

  test('says why, and never ends well', async () => {
    const { response, fail } = await failing();
    const seen: SentEvent[] = [];
    fail();
    await expect(eventsOf(response, (event) => void seen.push(event))).rejects.toThrow();
    expect(seen.map(({ type }) => type)).toEqual(['speech.audio.delta', 'error']);
    expect(seen.at(-1)?.error).toEqual({
      message: 'The model broke.',
      type: 'server_error',
      param: null,
      code: 'model_failed',
    });
  });

  test('by its deadline says so', async () => {
    const { response } = await failing({ headers: { 'X-Request-Timeout-Ms': '300' } });
    const seen: SentEvent[] = [];
    await expect(eventsOf(response, (event) => void seen.push(event))).rejects.toThrow();
    expect(seen.at(-1)?.error?.['code']).toBe('deadline_exceeded');
  });

  test('is an error to the official client', async () => {
    const { response, fail } = await failing();
    fail();
    const stream = Stream.fromSSEResponse(response, new AbortController());
    const reading = (async () => {
      for await (const _ of stream);
    })();
    await expect(reading).rejects.toMatchObject({ error: { code: 'model_failed' } });
  });
});
