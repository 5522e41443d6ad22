import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { EchoClient, refusalOf, SECOND } from '../support/echo-client.js';
import { eventually } from '../support/eventually.js';
import { type LiveServer, startLiveServer } from '../support/live-server.js';
import { signalProcess } from '../support/signal-process.js';

/** WebSockets on real workers: where they are placed, how they end, and what they leave. */
describe('a WebSocket', () => {
  let server: LiveServer;
  const clients: EchoClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.vanish();
    await server.stop();
  });

  async function start(workers: number, settings: Record<string, string> = {}): Promise<void> {
    server = await startLiveServer({ workers, settings });
  }

  const urlOf = (path = '/echo/now'): string => `${server.url}${path}`;

  async function connected(
    path?: string,
    headers: Record<string, string> = {},
  ): Promise<EchoClient> {
    const client = await EchoClient.connect(urlOf(path), { headers });
    clients.push(client);
    return client;
  }

  const leases = (): number => server.supervisor.status().requests.leases;
  const noLeases = (): Promise<void> => eventually(() => expect(leases()).toBe(0));
  const gate = (name: string): string => join(server.modelDir, name);
  const steps = (count: number): Promise<void> =>
    eventually(async () => expect(await server.startedSteps()).toHaveLength(count));

  describe('on its worker', () => {
    it('is where the fewest are, and stays there for life', async () => {
      await start(3);
      const nine = await Promise.all(Array.from({ length: 9 }, () => connected()));
      const pids = await Promise.all(nine.map((client) => client.workerPid()));
      for (const pid of new Set(pids)) expect(pids.filter((one) => one === pid)).toHaveLength(3);
      for (let turn = 0; turn < 3; turn += 1) {
        expect(await Promise.all(nine.map((client) => client.workerPid()))).toEqual(pids);
      }
      await noLeases();
    });

    it('holds a lease only while it has an utterance', async () => {
      await start(1);
      const client = await connected();
      expect(leases()).toBe(0);
      client.open();
      client.say();
      await eventually(() => expect(client.partials).toHaveLength(1));
      expect(leases()).toBe(1);
      client.command({ end: true });
      await client.done();
      await noLeases();
      expect(client.webSocket.readyState).toBe(client.webSocket.OPEN);
    });

    it.each(['/echo/now', '/echo/later'])('is counted with what it was for: %s', async (path) => {
      await start(1);
      const client = await connected(path);
      await client.workerPid();
      client.webSocket.close();
      const labels = `route="${path}",task="asr",model="live",outcome="ok"`;
      await eventually(async () => {
        const page = await (await fetch(`${server.url}/metrics`)).text();
        expect(page).toContain(`speech_requests_total{${labels}} 1`);
      });
    });

    it('is refused with 429 before the upgrade when all workers have MAX_STREAMS', async () => {
      await start(2, { MAX_STREAMS: '1' });
      const first = await connected();
      const second = await connected('/echo/later');
      await second.workerPid();
      const refusal = await refusalOf(urlOf());
      expect(refusal).toMatchObject({ status: 429, body: { echo: 'queue_full' } });
      expect(refusal.headers['retry-after']).toMatch(/^\d+$/);
      first.vanish();
      second.webSocket.close();
      await Promise.all([first.closed, second.closed]);
      await eventually(() => connected());
      await eventually(() => connected());
    });

    it('that finds no place later is closed with 1013', async () => {
      await start(1, { MAX_STREAMS: '1' });
      await connected();
      const late = await connected('/echo/later');
      late.open();
      expect(await late.closed).toEqual({ code: 1013, reason: 'queue_full' });
      expect(late.told).toEqual([{ type: 'farewell', code: 'queue_full' }]);
    });

    it('is closed with 1012 when its worker dies, idle or not, and others live on', async () => {
      await start(2);
      const four = await Promise.all(Array.from({ length: 4 }, () => connected()));
      const pids = await Promise.all(four.map((client) => client.workerPid()));
      const doomed = pids[0]!;
      const lost = four.filter((_, at) => pids[at] === doomed);
      const kept = four.filter((_, at) => pids[at] !== doomed);
      lost[0]!.open(`gate ${gate('a')}`);
      lost[0]!.say();
      await steps(5);
      signalProcess(doomed, 'SIGKILL');
      for (const client of lost) {
        expect(await client.closed).toEqual({ code: 1012, reason: 'replica_lost' });
        expect(client.told.at(-1)).toEqual({ type: 'farewell', code: 'replica_lost' });
      }
      await noLeases();
      for (const client of kept) expect(await client.workerPid()).toBe(pids[four.indexOf(client)]);
    });
  });

  describe('that ends', () => {
    it.each([
      ['vanishes', (client: EchoClient) => client.vanish()],
      ['is closed', (client: EchoClient) => client.webSocket.close()],
    ])('when its client %s, stops the work: no further step starts', async (_, leave) => {
      await start(1, { MAX_STREAMS: '1' });
      const client = await connected();
      client.open(`gate ${gate('a')}`);
      client.say(3);
      await steps(1);
      leave(client);
      await noLeases();
      // Its place is free, and a later step comes next after the one that ran.
      const next = await eventually(() => connected());
      await next.workerPid();
      const actions = (await server.startedSteps()).map((step) => step.split(' ')[1]);
      expect(actions).toEqual(['gate', 'echo']);
    });

    it('stops the work of a client that vanishes while it is held back', async () => {
      await start(1);
      const client = await connected();
      client.open(`gate ${gate('a')}`);
      client.say(400);
      await steps(1);
      await eventually(() => expect(client.webSocket.bufferedAmount).toBeGreaterThan(0));
      client.vanish();
      await noLeases();
      expect(await server.startedSteps()).toHaveLength(1);
    });

    it('writes one line of what it was, and none of what was said', async () => {
      await start(1);
      const client = await connected('/echo/now?secret=1', { 'x-request-id': 'my-id' });
      expect(client.upgrade.headers).toMatchObject({
        'x-request-id': 'my-id',
        'x-chorus-worker': 'cpu-0',
        'x-chorus-model': 'live',
      });
      const lines: Record<string, unknown>[] = [];
      server.logLines.on('line', (line) => lines.push(line));
      client.open();
      client.say();
      client.command({ end: true });
      await client.done();
      client.command({ close: true });
      expect(await client.closed).toEqual({ code: 1000, reason: '' });
      await eventually(() => expect(lines).toHaveLength(1));
      expect(lines[0]).toMatchObject({
        msg: 'request',
        requestId: 'my-id',
        route: '/echo/now',
        status: 101,
        worker: 'cpu-0',
        model: 'live',
        outcome: 'ok',
      });
      expect(Number(lines[0]!['bytesIn'])).toBeGreaterThan(SECOND.length);
      expect(JSON.stringify(lines[0])).not.toContain('secret');
    });

    it('is closed with 1011 when its handler fails, and the server lives', async () => {
      await start(1);
      const client = await connected();
      client.command({ throw: true });
      expect(await client.closed).toEqual({ code: 1011, reason: 'internal' });
      await (await connected()).workerPid();
    });

    it('is closed with 1009 for a message of more than 1 MiB', async () => {
      await start(1);
      const client = await connected();
      client.open();
      client.webSocket.send(new Uint8Array(1024 * 1024));
      await eventually(() => expect(client.partials.length).toBeGreaterThan(30));
      client.webSocket.send(new Uint8Array(1024 * 1024 + 1));
      expect(await client.closed).toMatchObject({ code: 1009 });
      await noLeases();
    });
  });

  describe('whose server drains', () => {
    it('goes on, while new ones are refused, until it ends', async () => {
      await start(1);
      const client = await connected();
      const stopped = server.stop();
      expect(await refusalOf(urlOf())).toMatchObject({ status: 503, body: { echo: 'draining' } });
      await client.workerPid();
      client.webSocket.close();
      await stopped;
      expect(await client.closed).toMatchObject({ code: 1005 });
    });

    it('is closed with 1001 when the time is over', async () => {
      await start(1, { DRAIN_TIMEOUT_MS: '100' });
      const client = await connected();
      client.open(`gate ${gate('a')}`);
      client.say();
      await steps(1);
      await server.stop();
      expect(await client.closed).toEqual({ code: 1001, reason: 'draining' });
    });
  });

  describe('that is slow', () => {
    it('to read holds its own words back, and nobody else', async () => {
      await start(1);
      const [slow, quick] = [await connected(), await connected()];
      slow.webSocket.pause();
      slow.open('chatty 4096');
      slow.say(100);
      const chattySteps = async (): Promise<number> =>
        (await server.startedSteps()).filter((step) => step.endsWith('chatty')).length;
      // Sockets take some of it; then its engine waits, however often the other one is served.
      let [before, rounds] = [0, 0];
      while (rounds < 20) {
        await quick.workerPid();
        const now = await chattySteps();
        rounds = now > 0 && now === before ? rounds + 1 : 0;
        before = now;
      }
      expect(before).toBeLessThan(30);
      slow.webSocket.resume();
      await eventually(async () => expect(await chattySteps()).toBeGreaterThan(before));
    });

    it('to be heard is held back, and goes on to its end', async () => {
      await start(1);
      const client = await connected();
      client.open(`gate ${gate('a')}`);
      client.say(300);
      await steps(1);
      await eventually(() => expect(client.webSocket.bufferedAmount).toBeGreaterThan(0));
      await writeFile(gate('a'), '');
      client.command({ end: true });
      await client.done();
      expect(client.told.at(-2)).toMatchObject({ type: 'usage', usage: { audioSeconds: 300 } });
    });
  });

  describe('before it is one', () => {
    it('needs a key as any request does, in one of three places', async () => {
      await start(1, { API_KEYS: 'right' });
      expect(await refusalOf(urlOf())).toMatchObject({
        status: 401,
        body: { echo: 'unauthorized' },
      });
      const wrong = await refusalOf(urlOf(), { headers: { authorization: 'Bearer wrong' } });
      expect(wrong.status).toBe(401);
      expect(wrong.headers['www-authenticate']).toBe('Bearer');
      const alsoWrong = { protocols: ['echo', 'openai-insecure-api-key.wrong'] };
      expect(await refusalOf(urlOf(), alsoWrong)).toMatchObject({ status: 401 });
      await connected('/echo/now', { authorization: 'Bearer right' });
      await connected('/echo/now', { 'api-key': 'right' });
      const offer = 'echo, openai-insecure-api-key.right';
      const raw = await rawUpgrade(`Sec-WebSocket-Protocol: ${offer}`);
      expect(raw).toMatch(/^HTTP\/1.1 101 /);
      expect(raw).toMatch(/sec-websocket-protocol: echo\r\n/i);
    });

    it('needs a path that some family has', async () => {
      await start(1);
      const refusal = await refusalOf(urlOf('/nowhere'));
      expect(refusal).toMatchObject({
        status: 404,
        body: { error: { code: 'route_not_found' } },
      });
      expect(refusal.headers['x-request-id']).toBeDefined();
    });

    it('may name a bad session, and is told so', async () => {
      await start(1);
      const refusal = await refusalOf(urlOf(), { headers: { 'x-session-id': 'a b' } });
      expect(refusal).toMatchObject({ status: 400, body: { echo: 'invalid_value' } });
    });

    it('follows its session to its worker', async () => {
      await start(3);
      const own = { 'x-session-id': 'mine' };
      const first = await connected('/echo/now', own);
      const pid = await first.workerPid();
      first.webSocket.close();
      await first.closed;
      for (let turn = 0; turn < 3; turn += 1) {
        expect(await (await connected('/echo/now', own)).workerPid()).toBe(pid);
      }
    });

    it('may send its key and its version twice', async () => {
      await start(1);
      expect(await rawUpgrade(`${KEY}\r\nSec-WebSocket-Version: 13`)).toMatch(/^HTTP\/1.1 101 /);
    });

    it('is refused with 400 if it is no handshake, and takes no place', async () => {
      await start(1, { MAX_STREAMS: '1' });
      const answer = await rawUpgrade('', 'Sec-WebSocket-Key: short');
      expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*invalid_value/);
      await (await connected()).workerPid();
    });

    it('is served as plain HTTP if it is an offer of HTTP/2', async () => {
      await start(1);
      const socket = await open();
      const body = JSON.stringify({ model: 'live', voice: 'x', input: 'x' });
      const offer =
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
      const post = `POST /v1/audio/speech HTTP/1.1\r\nHost: a\r\n${offer}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.write(`GET /live HTTP/1.1\r\nHost: a\r\n${offer}\r\n\r\n`);
      expect(await read(socket)).toMatch(/^HTTP\/1.1 200 /);
      socket.write(post);
      socket.write(body);
      expect(await read(socket)).toMatch(/^HTTP\/1.1 400 [\s\S]*wrong_task/);
      socket.destroy();
    });
  });

  const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

  async function open(): Promise<Socket> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  async function read(socket: Socket): Promise<string> {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString('latin1');
  }

  /** The beginning of the answer to an upgrade that is written by hand. */
  async function rawUpgrade(headers: string, key = KEY): Promise<string> {
    const socket = await open();
    const lines = [
      'GET /echo/now HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ];
    lines.push('Sec-WebSocket-Version: 13', key, headers);
    socket.write(`${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n`);
    const answer = await read(socket);
    socket.destroy();
    return answer;
  }
});
