import { once } from 'node:events';
import { request as httpRequest } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { ask, audio, done, sends, SPEECH, start } from '../support/scripted-speech.js';
import { gate } from '../support/streams.js';

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(() => door.close());

/** The samples of a series. */
async function samples(series: string): Promise<string[]> {
  const text = await (await door.get('/metrics')).text();
  return text.split('\n').filter((line) => line.startsWith(`speech_${series}`));
}

const spoken = '{route="/v1/audio/speech",task="tts",model="voice-model"';

describe('a request is counted', () => {
  test('with its route, task, model and outcome, and timed', async () => {
    door.router.script = sends([start, audio('one '), done]);
    await (await door.postJson(SPEECH, ask)).text();
    const counted = `speech_requests_total${spoken},outcome="ok"} 1`;
    await eventually(async () => (await samples('requests_total')).includes(counted));
    expect(await samples('request_duration_seconds_count')).toContain(
      `speech_request_duration_seconds_count${spoken}} 1`,
    );
    expect(await samples('queue_seconds_count')).toEqual([]);
    expect(await samples('characters_total')).toEqual([
      'speech_characters_total{model="voice-model"} 6',
    ]);
    expect(await samples('tts_first_byte_seconds_count')).toHaveLength(1);
    expect(await samples('audio_seconds_total')).toHaveLength(1);
  });

  test('by the code of its error', async () => {
    door.router.refusal = new ChorusError('queue_full', 'Full.', { retryAfterMs: 1_000 });
    await (await door.postJson(SPEECH, ask)).text();
    await (await door.postJson(SPEECH, { ...ask, model: 'of-a-user' })).text();
    await (await door.get('/v1/audio/of-a-user')).text();
    const counted = [
      `speech_requests_total${spoken},outcome="queue_full"} 1`,
      'speech_requests_total{route="/v1/audio/speech",task="none",model="none",outcome="model_not_found"} 1',
      'speech_requests_total{route="none",task="none",model="none",outcome="route_not_found"} 1',
    ];
    await eventually(async () => {
      const found = await samples('requests_total');
      return counted.every((one) => found.includes(one));
    });
    const page = await (await door.get('/metrics')).text();
    expect(page).not.toContain('of-a-user');
  });

  test('as canceled if its client has left', async () => {
    const never = gate();
    door.router.script = {
      async *speak() {
        yield start;
        yield audio('one');
        await never.opened;
      },
    };
    const request = httpRequest(`${door.url}${SPEECH}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    request.on('error', () => {});
    request.end(JSON.stringify(ask));
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    const counted = `speech_requests_total${spoken},outcome="canceled"} 1`;
    await eventually(async () => (await samples('requests_total')).includes(counted));
    never.open();
  });

  test('and so is its new try at another worker', async () => {
    const lost = new ChorusError('replica_lost', 'Gone.');
    door.router.script = {
      async *speak(lease) {
        yield start;
        if (lease.number === 1) throw lost;
        yield audio('one');
        yield done;
      },
    };
    await (await door.postJson(SPEECH, ask)).text();
    expect(await samples('retries_total')).toEqual([
      'speech_retries_total{task="tts",reason="replica_lost"} 1',
    ]);
  });
});

test('speech is counted once, however often its encoder is lost', async () => {
  door.router.script = sends([start, audio('one '), done]);
  const { media } = door;
  let attempts = 0;
  media.encode = async function* encode(_, pcm) {
    attempts += 1;
    for await (const one of pcm) {
      if (attempts === 1) throw new ChorusError('replica_lost', 'Gone.');
      yield one;
    }
  };
  expect(await (await door.postJson(SPEECH, ask)).text()).toBe('one ');
  expect(attempts).toBe(2);
  const [seconds] = await samples('audio_seconds_total');
  expect(Number(seconds?.split(' ').at(-1))).toBeCloseTo(1 / 22_050, 9);
  expect(await samples('tts_chunk_gap_seconds_count')).toEqual([]);
  expect(await samples('characters_total')).toEqual([
    'speech_characters_total{model="voice-model"} 6',
  ]);
});

describe('audio to be transcribed', () => {
  async function transcribe(): Promise<number> {
    const form = new FormData();
    form.set('file', new Blob([Buffer.alloc(32_000)]), 'speech.wav');
    form.set('model', 'whisper-1');
    const url = `${door.url}/v1/audio/transcriptions`;
    return (await fetch(url, { method: 'POST', body: form })).status;
  }

  test('is counted once, however many workers get it', async () => {
    door.router.script = {
      async *hear(lease) {
        yield { type: 'start', language: 'en' };
        if (lease.number === 1) throw new ChorusError('replica_lost', 'Gone.');
        yield { type: 'done' };
      },
    };
    expect(await transcribe()).toBe(200);
    expect(await samples('audio_seconds_total')).toEqual([
      expect.stringMatching(/^speech_audio_seconds_total\{direction="in",model="[\w-]+"\} 1$/),
    ]);
  });

  test('is not counted if no worker gets it', async () => {
    door.router.refusal = new ChorusError('queue_full', 'Full.', { retryAfterMs: 1_000 });
    expect(await transcribe()).toBe(429);
    expect(await samples('audio_seconds_total')).toEqual([]);
  });
});

describe('/metrics', () => {
  test.each([
    ['nothing', undefined, 'text/plain; version=0.0.4; charset=utf-8'],
    ['anything', '*/*', 'text/plain; version=0.0.4; charset=utf-8'],
    [
      'what Prometheus does',
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
    [
      'what Prometheus 3 does',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.1',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
    [
      'text rather than OpenMetrics',
      'application/openmetrics-text;q=0.2, text/plain',
      'text/plain; version=0.0.4; charset=utf-8',
    ],
    [
      'OpenMetrics of any version',
      'application/openmetrics-text',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
    ['a browser does', 'text/html,*/*;q=0.8', 'text/plain; version=0.0.4; charset=utf-8'],
    ['JSON', 'application/json', 'text/plain; version=0.0.4; charset=utf-8'],
  ])('answers who asks for %s', async (_, accept, contentType) => {
    const headers = new Headers(accept === undefined ? [] : [['Accept', accept]]);
    const response = await door.get('/metrics', { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('needs no key', async () => {
    await door.close();
    door = await Door.open({ apiKeys: ['secret'] });
    expect((await door.get('/metrics')).status).toBe(200);
  });
});
