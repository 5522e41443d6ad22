import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AsyncAnswer, ASYNC, asyncBody } from '../support/async-door.js';
import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';

const SECRET = 'what-both-know';
const SENTENCES = [
  'The first sentence is about the weather.',
  'The second one tells of a river.',
  'Nobody remembers the third.',
];
/** Long enough to be in the middle of it when the server is killed. */
const TEXT = Array.from({ length: 6 }, () => SENTENCES.join(' ')).join(' ');

let dir: string;
let server: ChorusProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-async-'));
});
afterEach(async () => {
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

function start(): Promise<ChorusProcess> {
  return startChorus({
    ...{ DATA_DIR: join(dir, 'data'), ASR_MODELS: 'none', TTS_REPLICAS: '1', TTS_THREADS: '1' },
    ...{ FETCH_ALLOW_HOSTS: '127.0.0.1', NOTIFY_SECRET: SECRET, LOG_FILE: 'none' },
  });
}

async function stateOf(id: string): Promise<AsyncAnswer> {
  const answer = await fetch(`${server?.url}${ASYNC}?task_id=${id}&appkey=a&token=t`);
  return (await answer.json()) as AsyncAnswer;
}

test('a job survives the death of its server, and its client is told when it is done', async () => {
  const told: { readonly signature: unknown; readonly body: string }[] = [];
  const receiver = createServer((req, res) => {
    void (async () => {
      told.push({ signature: req.headers['x-chorus-signature'], body: await textOf(req) });
      res.end();
    })();
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const notifyUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  try {
    server = await start();
    const body = asyncBody({ text: TEXT }, { enable_notify: true, notify_url: notifyUrl });
    const header = { appkey: 'a', token: 't' };
    const answer = await fetch(server.url + ASYNC, {
      ...{ method: 'POST', body: JSON.stringify({ ...body, header }) },
    });
    const id = ((await answer.json()) as AsyncAnswer).data.task_id;
    await eventually(async () => {
      expect(await readdir(join(dir, 'data', 'jobs'))).toEqual([`${id}.part`]);
    });
    expect((await stateOf(id)).error_message).toBe('RUNNING');
    server.process.kill('SIGKILL');
    await server.exited;

    server = await start();
    const ended = await eventually(async () => {
      const state = await stateOf(id);
      expect(state.error_message).toBe('SUCCESS');
      return state;
    });
    expect(await readdir(join(dir, 'data', 'jobs'))).toEqual([id]);
    const { audio_address: address, sentences } = ended.data;
    const wav = Buffer.from(await (await fetch(address ?? '')).arrayBuffer());
    expect([wav.readUInt32LE(24), wav.readUInt32LE(40)]).toEqual([16_000, wav.length - 44]);

    expect(sentences?.map(({ text }) => text).join(' ')).toBe(TEXT);
    const times = (sentences ?? []).map((one) => [
      Number(one['begin_time']),
      Number(one['end_time']),
    ]);
    expect(times.flat()).toEqual(times.flat().toSorted((a, b) => a - b));
    const lengthMs = (wav.length - 44) / 2 / 16;
    expect(times.at(-1)?.[1]).toBeLessThanOrEqual(lengthMs);
    expect(times.at(-1)?.[1]).toBeGreaterThan(0.95 * lengthMs);
    // It is loud in sentences, and quieter between them.
    const loudness = ([from = 0, to = 0]: readonly number[]) => rms(wav, from * 16, to * 16);
    const gaps = times.slice(1).map(([begin = 0], index) => [times[index]?.[1] ?? 0, begin]);
    const spoken = Math.min(...times.map(loudness));
    const silent = Math.max(...gaps.filter(([a = 0, b = 0]) => b > a).map(loudness));
    expect(spoken).toBeGreaterThan(2 * silent);

    await eventually(() => expect(told.length).toBeGreaterThan(0));
    const [call] = told as [(typeof told)[0]];
    const signature = createHmac('sha256', SECRET).update(call.body).digest('hex');
    expect(call.signature).toBe(`sha256=${signature}`);
    expect(JSON.parse(call.body)).toMatchObject({
      ...{ status: 200, error_code: 20_000_000, error_message: 'SUCCESS' },
      data: { task_id: id, notify_custom: notifyUrl, sentences },
    });
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
});

/** Root mean square of a stretch of 16-bit samples. */
function rms(wav: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 1) sum += wav.readInt16LE(44 + 2 * at) ** 2;
  return Math.sqrt(sum / Math.max(1, to - from));
}
