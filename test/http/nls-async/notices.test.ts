import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SpeechEvent } from '../../../src/protocol/requests.js';
import {
  type AsyncAnswer,
  asyncBody,
  AsyncDoor,
  type AsyncDoorOptions,
} from '../../support/async-door.js';
import { eventually } from '../../support/eventually.js';
import { done, sends } from '../../support/scripted-speech.js';

const start: SpeechEvent = {
  ...{ type: 'start', sampleRateHz: 16_000, deterministic: true, isS16: true },
};
const speech: SpeechEvent[] = [start, { type: 'audio', pcm: Buffer.alloc(320, 1) }, done];

/** A client's server that call-backs come to. */
class Receiver {
  readonly #server: Server;
  readonly got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  /** Statuses of the next answers; 200 after them. */
  statuses: number[] = [];
  /** Takes what comes and answers nothing. */
  isSilent = false;

  constructor() {
    this.#server = createServer((req, res) => {
      void (async () => {
        this.got.push({ headers: req.headers, body: await textOf(req) });
        if (this.isSilent) return;
        res.writeHead(this.statuses.shift() ?? 200).end('taken');
      })();
    });
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/notify?x=y`;
  }

  answers(): AsyncAnswer[] {
    return this.got.map(({ body }) => JSON.parse(body) as AsyncAnswer);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let door: AsyncDoor;
let receiver: Receiver;
const settings: AsyncDoorOptions = {
  ...{ allowHosts: ['127.0.0.1'], notifySecret: 'a secret' },
  times: { notifyDelaysMs: [10, 10, 10] },
};

async function open(options: AsyncDoorOptions): Promise<void> {
  await door?.close();
  door = await AsyncDoor.open(options);
  door.router.script = sends(speech);
}
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.listen();
  await open(settings);
});
afterEach(async () => {
  await door.close();
  receiver.close();
});

function ask(): Promise<string> {
  return door.ask(asyncBody({}, { enable_notify: true, notify_url: receiver.url }));
}

/** What the database still wants to tell. */
async function untold(): Promise<number> {
  const rows = await door.database.all('SELECT id FROM jobs WHERE notify_at_ms IS NOT NULL');
  return rows.length;
}

test('a call-back says what a question would be answered with, and is signed', async () => {
  const id = await ask();
  await eventually(() => expect(receiver.got).toHaveLength(1));
  await eventually(async () => expect(await untold()).toBe(0));
  const [{ headers, body }] = receiver.got as [(typeof receiver.got)[0]];
  const [told] = receiver.answers();
  const asked = await door.state(id);
  expect(told).toEqual({ ...asked, request_id: told?.request_id });
  expect(told).toMatchObject({ error_message: 'SUCCESS', data: { notify_custom: receiver.url } });
  expect((await door.get(told?.data.audio_address ?? '')).status).toBe(200);
  const signature = createHmac('sha256', 'a secret').update(body).digest('hex');
  expect(headers['x-chorus-signature']).toBe(`sha256=${signature}`);
  expect(headers['user-agent']).toMatch(/^chorus/);
  expect(headers['content-type']).toMatch(/^application\/json/);
});

test('without a secret it is not signed, and nobody is told who did not ask', async () => {
  const { notifySecret: _, ...unsigned } = settings;
  await open(unsigned);
  const quiet = await door.ask(asyncBody({}, { notify_url: receiver.url }));
  await door.ended(quiet);
  const id = await ask();
  await eventually(() => expect(receiver.got).toHaveLength(1));
  expect(receiver.answers()[0]?.data.task_id).toBe(id);
  expect(receiver.got[0]?.headers['x-chorus-signature']).toBeUndefined();
});

test('a job that failed is told too', async () => {
  door.router.script = sends([start, done]);
  await ask();
  await eventually(() => expect(receiver.got).toHaveLength(1));
  expect(receiver.answers()[0]).toMatchObject({
    ...{ status: 200, error_code: 40_000_003, data: { audio_address: null } },
  });
});

test('what is not taken is told again, the same words, until it is', async () => {
  receiver.statuses = [500, 302];
  await ask();
  await eventually(() => expect(receiver.got).toHaveLength(3));
  await eventually(async () => expect(await untold()).toBe(0));
  const states = receiver.answers().map(({ error_message: message }) => message);
  expect(states).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
});

test('tries have an end', async () => {
  receiver.statuses = [500, 500, 500, 500, 500, 500];
  await ask();
  await eventually(() => expect(receiver.got).toHaveLength(4));
  await eventually(async () => expect(await untold()).toBe(0));
  expect(receiver.got).toHaveLength(4);
  const words = JSON.stringify(door.lines);
  expect(words).toContain('a call-back failed');
  expect(words).not.toContain('notify?x=y');
});

test('the next start of the server goes on telling', async () => {
  await open({ ...settings, times: { notifyDelaysMs: [100_000] } });
  receiver.statuses = [500];
  await ask();
  await eventually(() => expect(receiver.got).toHaveLength(1));
  await eventually(() => expect(JSON.stringify(door.lines)).toContain('a call-back failed'));
  await door.database.run('UPDATE jobs SET notify_at_ms = 0 WHERE notify_at_ms IS NOT NULL');
  expect(receiver.got).toHaveLength(1);
  await door.restart();
  await eventually(() => expect(receiver.got).toHaveLength(2));
});

test('a call-back that the end of the server breaks off is made at its next start', async () => {
  await open({ ...settings, times: { notifyDelaysMs: [100_000] } });
  receiver.isSilent = true;
  await ask();
  await eventually(() => expect(receiver.got).toHaveLength(1));
  receiver.isSilent = false;
  await door.restart();
  await eventually(() => expect(receiver.got).toHaveLength(2));
});

test('a name that leads home is found out when it is used', async () => {
  await open({ ...settings, allowHosts: [] });
  const { port } = new URL(receiver.url);
  const url = `http://localhost:${port}/`;
  await door.ask(asyncBody({}, { enable_notify: true, notify_url: url }));
  await eventually(() => expect(JSON.stringify(door.lines)).toContain('forbidden_address'));
  await eventually(async () => expect(await untold()).toBe(0));
  expect(receiver.got).toEqual([]);
});
