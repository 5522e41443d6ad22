import { once } from 'node:events';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import { Door, errorOf } from '../support/door.js';
import type { Script } from '../support/scripted-router.js';
import { eventually } from '../support/eventually.js';
import { eventsOf, type SentEvent } from '../support/server-sent-events.js';
import { gate, readerOf, textOf } from '../support/streams.js';
import { segment, withWords } from '../support/transcript.js';

const ROUTE = '/v1/audio/transcriptions';
const speech = new Blob([Buffer.alloc(32_000, 1)]);
const first = withWords(segment(0, 0, 0.5, ' Fish & chips '));
const second = withWords(segment(1, 0.5, 1, ' please.\n'));

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(async () => {
  await eventually(async () => expect(await door.spooled()).toEqual([]));
  await door.close();
});

type Hear = NonNullable<Script['hear']>;

const hears: Hear = async function* hears() {
  yield { type: 'start', language: 'en' };
  yield { type: 'segment', segment: first };
  yield { type: 'segment', segment: second };
  yield { type: 'done' };
};

function stream(fields: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> {
  const body = new FormData();
  const all = { model: 'whisper-1', stream: 'true', ...fields };
  body.append('file', speech);
  for (const [name, value] of Object.entries(all)) body.append(name, value);
  return door.get(ROUTE, { method: 'POST', body, ...init });
}

const deltasOf = (events: readonly SentEvent[]): unknown[] =>
  events.filter(({ type }) => type === 'transcript.text.delta').map(({ delta }) => delta);
const releases = () => door.router.leases.map((lease) => lease.releases);

describe('a transcript as events', () => {
  test('comes in parts that make the whole, and tells what was used', async () => {
    door.router.script = { hear: hears };
    const response = await stream();
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-chorus-worker')).toBe('worker-1');
    expect(response.headers.get('x-chorus-model')).toBe('ear-model');
    expect(await eventsOf(response)).toEqual([
      { type: 'transcript.text.delta', delta: 'Fish & chips' },
      { type: 'transcript.text.delta', delta: '  please.' },
      {
        type: 'transcript.text.done',
        text: 'Fish & chips  please.',
        usage: { type: 'tokens', input_tokens: 10, output_tokens: 4, total_tokens: 14 },
      },
    ]);
    expect(releases()).toEqual([1]);
    expect(await door.spooled()).toEqual([]);
  });

  test('comes while the rest is still unheard', async () => {
    const read = gate();
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
        yield { type: 'segment', segment: first };
        await read.opened;
        yield { type: 'done' };
      },
    };
    const reader = readerOf(await stream());
    expect(textOf(await reader.read())).toMatch(/"delta":"Fish & chips"/);
    read.open();
    expect(textOf(await reader.read())).toMatch(/transcript\.text\.done/);
    expect((await reader.read()).done).toBe(true);
  });

  test('has log-probabilities if they are asked for', async () => {
    door.router.script = { hear: hears };
    const events = await eventsOf(await stream({ 'include[]': 'logprobs' }));
    const [one, two] = [first.tokenLogprobs, second.tokenLogprobs].map((all) => all ?? []);
    expect(events.map(({ logprobs }) => logprobs)).toEqual([one, two, [...one!, ...two!]]);
  });

  test('of silence is empty', async () => {
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
        yield { type: 'done' };
      },
    };
    const events = await eventsOf(await stream());
    expect(events).toMatchObject([{ type: 'transcript.text.done', text: '' }]);
  });

  test('reaches the official client', async () => {
    door.router.script = { hear: hears };
    const client = new OpenAI({ apiKey: 'any', baseURL: `${door.url}/v1`, maxRetries: 0 });
    const file = await toFile(Buffer.alloc(32_000, 7), 'a.wav');
    const events = await client.audio.transcriptions.create({
      ...{ file, model: 'whisper-1', stream: true },
      include: ['logprobs'],
      chunking_strategy: { type: 'server_vad', threshold: 0.25 },
    });
    let told = '';
    let whole = '';
    for await (const event of events) {
      if (event.type === 'transcript.text.delta') told += event.delta;
      if (event.type === 'transcript.text.done') whole = event.text;
    }
    expect(told).toBe('Fish & chips  please.');
    expect(whole).toBe(told);
    expect(door.router.leases[0]?.asked[0]).toMatchObject({
      logprobs: true,
      segmentation: { threshold: 0.25 },
    });
  });

  test.each(['srt', 'vtt', 'verbose_json'])('is no %s', async (format) => {
    const response = await stream({ response_format: format });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_value', param: 'stream' });
  });
});

describe('a transcript as events that fails', () => {
  test('before its first part is an error like any other', async () => {
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
        throw new ChorusError('model_failed', 'The model broke.');
      },
    };
    const response = await stream();
    expect(response.status).toBe(503);
    expect((await errorOf(response))['code']).toBe('model_failed');
  });

  test('for want of log-probabilities is an error like any other', async () => {
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
        yield { type: 'segment', segment: segment(0, 0, 1, ' Fish') };
      },
    };
    expect((await stream({ 'include[]': 'logprobs' })).status).toBe(501);
    expect(releases()).toEqual([1]);
  });

  test('in the middle says why, and never ends well', async () => {
    door.router.script = {
      async *hear() {
        yield { type: 'start', language: 'en' };
        yield { type: 'segment', segment: first };
        throw new ChorusError('model_failed', 'The model broke.');
      },
    };
    const seen: SentEvent[] = [];
    const response = await stream();
    await expect(eventsOf(response, (event) => void seen.push(event))).rejects.toThrow();
    expect(seen.map(({ type }) => type)).toEqual(['transcript.text.delta', 'error']);
    expect(seen.at(-1)?.error).toMatchObject({ code: 'model_failed', param: null });
    expect(releases()).toEqual([1]);
  });

  test('because its client has gone is given up', async () => {
    door.router.script = {
      async *hear(_, signal) {
        yield { type: 'start', language: 'en' };
        yield { type: 'segment', segment: first };
        await once(signal, 'abort');
        throw new ChorusError('canceled', 'The request was canceled.');
      },
    };
    const leaving = new AbortController();
    const reader = readerOf(await stream({}, { signal: leaving.signal }));
    await reader.read();
    const handled = door.handled();
    leaving.abort();
    await handled;
    expect(door.router.leases[0]?.signal?.reason).toMatchObject({ code: 'canceled' });
    expect(releases()).toEqual([1]);
  });
});

describe('a worker that is lost in the middle of events', () => {
  /** The first worker is lost after its first segment; the second hears this. */
  function lostThen(again: Hear): void {
    door.router.script = {
      async *hear(lease, signal) {
        if (lease.number > 1) return yield* again(lease, signal);
        yield { type: 'start', language: 'en' };
        yield { type: 'segment', segment: first };
        throw new ChorusError('replica_lost', 'Gone.');
      },
    };
  }

  test('is replaced, and nothing is told twice', async () => {
    lostThen(hears);
    const events = await eventsOf(await stream());
    expect(deltasOf(events)).toEqual(['Fish & chips', '  please.']);
    expect(events.at(-1)).toMatchObject({ text: 'Fish & chips  please.' });
    expect(releases()).toEqual([1, 1]);
  });

  test.each([
    ['something else', [segment(0, 0, 0.5, ' Fish and chips')]],
    ['less', []],
  ])('cannot be replaced by one that hears %s', async (_, segments) => {
    lostThen(async function* hear() {
      yield { type: 'start', language: 'en' };
      for (const one of segments) yield { type: 'segment', segment: one };
      yield { type: 'done' };
    });
    const seen: SentEvent[] = [];
    const response = await stream();
    await expect(eventsOf(response, (event) => void seen.push(event))).rejects.toThrow();
    expect(seen.at(-1)?.error).toMatchObject({ code: 'replica_lost' });
  });
});
