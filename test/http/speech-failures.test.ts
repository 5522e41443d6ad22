import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';
import { ask, audio, done, sends, SPEECH, start } from '../support/scripted-speech.js';
import { gate, readerOf } from '../support/streams.js';

const lostWire = new ChorusError('replica_lost', 'Gone.').toWire();

/** What follows the first audio of a worker that fails: an event, an error, or nothing at all. */
function failsWith(failure: Error | SpeechEvent | undefined): () => AsyncGenerator<SpeechEvent> {
  return async function* fail() {
    if (failure instanceof Error) throw failure;
    if (failure !== undefined) yield failure;
  };
}

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(() => door.close());

function releases(): number[] {
  return door.router.leases.map((lease) => lease.releases);
}

describe('a failure before the first byte', () => {
  test('for want of a program that encodes comes before any work', async () => {
    door.router.script = sends([start, audio('x'), done]);
    const param = 'response_format';
    door.media.refusals = [new ChorusError('not_implemented', 'No ffmpeg.', { param })];
    const response = await door.postJson(SPEECH, { ...ask, response_format: 'aac' });
    expect(response.status).toBe(501);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({ code: 'not_implemented', param });
    expect(door.router.leases).toEqual([]);
  });

  test('of the process that encodes is tried once more before any work', async () => {
    door.router.script = sends([start, audio('x'), done]);
    door.media.refusals = [new ChorusError('replica_lost', 'Gone.')];
    const response = await door.postJson(SPEECH, { ...ask, response_format: 'aac' });
    expect(await response.text()).toBe('x');
  });

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

  test('by an end without done is a lost worker, not an empty text', async () => {
    door.router.script = sends([start]);
    const response = await door.postJson(SPEECH, ask);
    expect((await errorOf(response))['code']).toBe('replica_lost');
    expect(releases()).toEqual([1, 1]);
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
        yield { type: 'error', error: new ChorusError('canceled', 'Stopped.').toWire() };
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
    const reader = readerOf(response);
    await reader.read();
    firstRead.open();
    await expect(reader.read()).rejects.toThrow();
    await handled;
    expect(releases()).toEqual([1]);
  });

  test('an error reaches a client of HTTP/1.0 as a reset, not as an end', async () => {
    const firstRead = gate();
    door.router.script = {
      async *speak() {
        yield start;
        yield audio('half');
        await firstRead.opened;
        throw new ChorusError('replica_lost', 'Gone.');
      },
    };
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    const body = JSON.stringify(ask);
    socket.write(`POST ${SPEECH} HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).not.toMatch(/chunked/i);
    const failed = once(socket, 'error');
    firstRead.open();
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
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
    await readerOf(response).read();
    leaving.abort();
    await stopped;
    await handled;
    expect(releases()).toEqual([1]);
  });
});
