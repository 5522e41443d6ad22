import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { PieceMarks, SpeechEvent, SynthesisRequest } from '../../../src/protocol/requests.js';
import {
  ASYNC,
  type AsyncAnswer,
  asyncBody,
  AsyncDoor,
  type AsyncDoorOptions,
} from '../../support/async-door.js';
import { eventually } from '../../support/eventually.js';
import { done, sends } from '../../support/scripted-speech.js';
import { gate } from '../../support/streams.js';

/** 16-bit samples at the rate that is asked for. */
const start: SpeechEvent = {
  ...{ type: 'start', sampleRateHz: 16_000, deterministic: true, isS16: true },
};
const samples = (count: number): SpeechEvent => ({
  type: 'audio',
  pcm: Buffer.alloc(2 * count, 1),
});
function mark(piece: number, [from, to]: readonly [number, number], count: number): SpeechEvent {
  const place = { start: from, end: to, fromSample: 160, toSample: count - 160 };
  const marks: PieceMarks = { sentence: piece, ...place, words: [] };
  return { type: 'mark', piece, samples: count, marks };
}
/** "Hello." in a tenth of a second, and "You." in two. */
const speech = [
  ...[start, mark(0, [0, 6], 1600), samples(1600)],
  ...[mark(1, [7, 11], 3200), samples(3200), done],
];
const text = 'Hello. You.';

let door: AsyncDoor;
async function open(options: AsyncDoorOptions = {}): Promise<void> {
  await door?.close();
  door = await AsyncDoor.open(options);
  door.router.script = sends(speech);
}
beforeEach(() => open());
afterEach(() => door.close());

/** How often a line was logged. */
function logged(msg: string): number {
  return door.lines.filter((line) => line['msg'] === msg).length;
}

describe('a job', () => {
  test('is taken, runs, and has its audio and the times of its sentences', async () => {
    const going = gate();
    door.router.script = {
      async *speak() {
        await going.opened;
        yield* speech;
      },
    };
    const answer = await door.post(asyncBody({ text }));
    expect(answer.status).toBe(200);
    const accepted = await answer.json();
    expect(accepted).toEqual({
      ...{ status: 200, error_code: 20_000_000, error_message: 'SUCCESS' },
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      data: {
        task_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        ...{ audio_address: null, notify_custom: null, sentences: null },
      },
    });
    const { task_id: id } = (accepted as { data: { task_id: string } }).data;
    expect(await door.state(id)).toMatchObject({
      ...{ status: 200, error_code: 20_000_000, error_message: 'RUNNING' },
      data: { task_id: id, audio_address: null, sentences: null },
    });
    going.open();
    expect(await door.ended(id)).toEqual({
      ...{ status: 200, error_code: 20_000_000, error_message: 'SUCCESS' },
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      data: {
        task_id: id,
        audio_address: expect.stringMatching(
          new RegExp(`^${door.url}/rest/v1/tts/async/audio/[\\w-]{43}$`),
        ),
        notify_custom: null,
        sentences: [
          { text: 'Hello.', begin_time: '10', end_time: '90' },
          { text: 'You.', begin_time: '110', end_time: '290' },
        ],
      },
    });
  });

  test('has audio that needs no header, of a known length', async () => {
    await open({ appTokens: ['token'] });
    const { data } = (await (
      await door.post({ ...asyncBody({ text }), header: { token: 'token' } })
    ).json()) as { data: { task_id: string } };
    const asked = await eventually(async () => {
      const url = `${ASYNC}?token=token&task_id=${data.task_id}`;
      const body = (await (await door.get(url)).json()) as { data: { audio_address: string } };
      expect(body.data.audio_address).not.toBeNull();
      return body.data.audio_address;
    });
    const answer = await door.get(asked);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(44 + 2 * 4800),
      'cache-control': 'private, no-store',
    });
    const wav = Buffer.from(await answer.arrayBuffer());
    expect([wav.subarray(0, 4).toString(), wav.readUInt32LE(24)]).toEqual(['RIFF', 16_000]);
    expect([wav.readUInt32LE(40), wav.length]).toEqual([2 * 4800, 44 + 2 * 4800]);
    const head = await door.get(asked, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(wav.length)]);
    const key = asked.split('/').at(-1) ?? '';
    expect(JSON.stringify(door.lines)).not.toContain(key);
    expect(door.lines.find(({ route }) => String(route).endsWith('/audio/:key'))).toBeDefined();
    const wrong = key.startsWith('A') ? key.replace('A', 'B') : `A${key.slice(1)}`;
    for (const path of [wrong, 'x', '..%2F..%2Fchorus.db']) {
      const answer = await door.get(asked.replace(key, path));
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ status: 404, error_code: 40_000_003 });
    }
  });

  test('asks workers for what it was asked for, as work that nobody waits for', async () => {
    const speech = { voice: 'joe', sample_rate: 8000, format: 'MP3', volume: 100 };
    await door.ended(await door.ask(asyncBody({ ...speech, speech_rate: -500, text })));
    const [request] = door.router.requests;
    expect(request).toMatchObject({ service: 'tts', model: 'voice-model', class: 'bulk' });
    const [lease] = door.router.leases;
    const [asked] = lease?.asked ?? [];
    expect(asked).toMatchObject({ text, voice: 'joe', speed: 0.5, gain: 2, bulk: true });
  });

  test('without subtitles has no sentences', async () => {
    const id = await door.ask(asyncBody({ text, enable_subtitle: false }));
    expect((await door.ended(id)).data.sentences).toBeNull();
  });

  test('has an address where the client reached us, or the public one', async () => {
    const id = await door.ask();
    await door.ended(id);
    const named = await door.get(
      `${door.url.replace('127.0.0.1', 'localhost')}${ASYNC}?task_id=${id}`,
    );
    const { data } = (await named.json()) as { data: { audio_address: string } };
    expect(data.audio_address).toMatch(/^http:\/\/localhost:\d+\/rest/);
    await open({ publicUrl: 'https://speech.example/base' });
    const address = (await door.ended(await door.ask())).data.audio_address;
    expect(address).toMatch(/^https:\/\/speech\.example\/base\/rest\/v1\/tts\/async\/audio\//);
  });
});

test('who names no proper host gets a path alone', async () => {
  const id = await door.ask();
  await door.ended(id);
  const path = `${ASYNC}?task_id=${id}`;
  const asked = get(`${door.url}${path}`, { headers: { Host: 'a.example/x?y=' } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { data } = (await json(answer)) as AsyncAnswer;
  expect(data.audio_address).toMatch(/^\/rest\/v1\/tts\/async\/audio\//);
});

describe('failures', () => {
  test('a worker that is lost costs a try', async () => {
    await open({ times: { retryDelaysMs: [1, 1, 1] } });
    let tries = 0;
    door.router.script = {
      async *speak() {
        tries += 1;
        if (tries <= 4) throw new ChorusError('replica_lost', 'Gone.');
        yield* speech;
      },
    };
    expect((await door.ended(await door.ask())).error_message).toBe('SUCCESS');
    expect(tries).toBe(5);
    expect(await door.files()).toHaveLength(1);
  });

  test('that nobody has time for a job is no try of it', async () => {
    await open({ times: { retryDelaysMs: [], busyDelayMs: 1 } });
    door.router.refusal = new ChorusError('queue_full', 'Too many wait.');
    const ids = [await door.ask(), await door.ask()];
    await eventually(() => expect(logged('a job waits again')).toBeGreaterThan(5));
    expect(await Promise.all(ids.map(async (id) => (await door.state(id)).error_message))).toEqual([
      'RUNNING',
      'RUNNING',
    ]);
    door.router.refusal = undefined;
    for (const id of ids) expect((await door.ended(id)).error_message).toBe('SUCCESS');
    expect(await door.database.all('SELECT DISTINCT tries FROM jobs')).toEqual([{ tries: 1 }]);
  });

  test('tries have an end', async () => {
    await open({ times: { retryDelaysMs: [1] } });
    door.router.script = sends([start], new ChorusError('replica_lost', 'Gone.'));
    const ended = await door.ended(await door.ask());
    expect([ended.error_code, ended.error_message]).toEqual([50_000_000, 'Gone.']);
    expect(ended.data.audio_address).toBeNull();
  });

  test('what cannot be spoken fails at once, with its code', async () => {
    door.router.script = sends([start, done]);
    const ended = await door.ended(await door.ask());
    expect(ended).toMatchObject({ status: 200, error_code: 40_000_003 });
    expect(ended.error_message).toMatch(/nothing that can be spoken/);
    expect(await door.files()).toEqual([]);
  });

  test('a job that was begun again and again by servers that died is given up', async () => {
    await open({ times: { retryDelaysMs: [1] } });
    await door.database.run(
      'CREATE TRIGGER worn AFTER INSERT ON jobs BEGIN UPDATE jobs SET tries = 2; END',
    );
    const ended = await door.ended(await door.ask());
    expect(ended.error_message).toMatch(/ended each time/);
    expect(door.router.requests).toEqual([]);
  });
});

describe('the end of the server', () => {
  test('a job that is being spoken is spoken by the next one', async () => {
    const begun = gate();
    door.router.script = {
      async *speak(_, signal) {
        yield start;
        yield samples(10);
        begun.open();
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    };
    const id = await door.ask(asyncBody({ text }));
    await begun.opened;
    door.router.script = sends(speech);
    await door.restart();
    const ended = await door.ended(id);
    expect([ended.error_message, ended.data.sentences?.length]).toEqual(['SUCCESS', 2]);
    expect(door.router.leases.map(({ releases }) => releases)).toEqual([1, 1]);
    expect(await door.files()).toEqual([id]);
    const rows = await door.database.all('SELECT tries FROM jobs');
    expect(rows).toEqual([{ tries: 1 }]);
  });
});

describe('turns', () => {
  test('a client with many jobs does not keep the others waiting', async () => {
    const going = gate();
    const texts: string[] = [];
    door.router.script = {
      async *speak(lease) {
        texts.push((lease.asked[0] as SynthesisRequest).text);
        await going.opened;
        yield* speech;
      },
    };
    const body = (text: string, token: string) => ({ ...asyncBody({ text }), header: { token } });
    for (const n of [1, 2, 3, 4, 5]) await door.ask(body(`many ${n}`, 'many'));
    const last = await door.ask(body('one', 'one'));
    going.open();
    await door.ended(last);
    await eventually(() => expect(texts).toHaveLength(6));
    expect(texts.indexOf('one')).toBeLessThan(4);
  });
});

describe('retention', () => {
  test('jobs and their audio are forgotten', async () => {
    await open({ retentionHours: 0, times: { sweepIntervalMs: 20 } });
    const id = await door.ask();
    await eventually(async () => {
      expect((await door.get(`${ASYNC}?task_id=${id}`)).status).toBe(404);
    });
    await eventually(async () => expect(await door.files()).toEqual([]));
  });
});
