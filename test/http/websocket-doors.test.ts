import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { Admissions } from '../../src/http/admissions.js';
import { authKeysOf } from '../../src/http/auth-keys.js';
import type { Connection } from '../../src/http/ws/connection.js';
import { WebSocketDoors } from '../../src/http/ws/doors.js';
import type { WebSocketFamily } from '../../src/http/ws/family.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { ScriptedRouter } from '../support/scripted-router.js';
import { refusalOf } from '../support/echo-client.js';
import { eventually } from '../support/eventually.js';

/** First byte of a whole ping (RFC 6455, section 5.2). */
const PING_FRAME = 0x89;

const UPGRADE = [
  'GET /plain HTTP/1.1',
  'Host: a',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** WebSockets without workers: the doors alone. */
describe('the WebSocket doors', () => {
  let server: Server;
  let doors: WebSocketDoors;
  let connections: Connection[];
  const admissions = new Admissions();

  const plain: WebSocketFamily = {
    paths: ['/plain', '/rooms/:id'],
    errorBody: ({ code }) => ({ refused: code }),
    authorize: ({ params, query }) => {
      if (params['id'] === undefined || query.get('token') === `of-${params['id']}`) return;
      throw new ChorusError('unauthorized', 'The token is not that of the room.');
    },
    open: (connection) => {
      connections.push(connection);
      return { onText: (text) => connection.send(`${connection.request.path} ${text}`) };
    },
  };

  beforeEach(() => openDoors(60_000));

  afterEach(() => closeDoors());

  async function openDoors(pingIntervalMs: number): Promise<void> {
    connections = [];
    const log = pino({ level: 'silent' });
    doors = new WebSocketDoors({
      families: [plain],
      router: new ScriptedRouter(),
      keys: authKeysOf({ apiKeys: ['secret'] }),
      admissions,
      log,
      metrics: new Metrics(log),
      pingIntervalMs,
    });
    server = createServer();
    doors.attach(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }

  async function closeDoors(): Promise<void> {
    await doors.close();
    server.close();
  }

  const port = (): number => (server.address() as AddressInfo).port;
  const url = (path: string): string => `ws://127.0.0.1:${port()}${path}`;

  async function upgradeByHand(): Promise<Socket> {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(UPGRADE);
    await once(socket, 'data');
    return socket;
  }

  it('end a connection whose client does not answer pings, and no other', async () => {
    await closeDoors();
    // Long enough for an answer, however late a busy machine lets this process have it.
    await openDoors(300);
    const living = new WebSocket(url('/plain'));
    let pings = 0;
    living.on('ping', () => (pings += 1));
    await once(living, 'open');
    const dead = await upgradeByHand();
    dead.resume();
    await once(dead, 'close');
    const before = pings;
    await eventually(() => expect(pings).toBeGreaterThan(before + 3));
    expect(living.readyState).toBe(WebSocket.OPEN);
    expect(connections.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    living.terminate();
  });

  it('keep a connection whose client answers no pings and takes what it is sent', async () => {
    await closeDoors();
    await openDoors(100);
    const silent = await upgradeByHand();
    let pings = 0;
    // Each ping is followed by more than pings make, until the client has outlived several.
    silent.on('data', (bytes: Buffer) => {
      if (bytes[0] !== PING_FRAME) return;
      pings += 1;
      if (pings <= 6) connections[0]?.send('x'.repeat(100));
    });
    await once(silent, 'close');
    expect(pings).toBeGreaterThanOrEqual(6);
  });

  it('let a family say who may come in, and see what its path leaves open', async () => {
    const refused = await refusalOf(url('/rooms/7?token=of-8'));
    expect(refused).toMatchObject({ status: 401, body: { refused: 'unauthorized' } });
    const guest = new WebSocket(url('/rooms/7?token=of-7'));
    await once(guest, 'open');
    guest.send('hello');
    expect(String((await once(guest, 'message'))[0])).toBe('/rooms/7 hello');
    expect(connections[0]!.request.params).toEqual({ id: '7' });
    guest.close();
  });

  it('ask for a key where no family has the path, as every door does', async () => {
    expect(await refusalOf(url('/nowhere'))).toMatchObject({ status: 401 });
    const headers = { authorization: 'Bearer secret' };
    expect(await refusalOf(url('/nowhere'), { headers })).toMatchObject({ status: 404 });
  });

  it('do not wait for clients that do not answer the close of a server that stops', async () => {
    const deaf = await upgradeByHand();
    deaf.pause();
    const polite = new WebSocket(url('/plain'));
    await once(polite, 'open');
    const closed = once(polite, 'close');
    await doors.close();
    expect((await closed)[0]).toBe(1001);
    expect(connections.every(({ signal }) => signal.aborted)).toBe(true);
    await admissions.idle(30_000);
    deaf.destroy();
  });

  it('survive a client that leaves in the middle of its upgrade', async () => {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(UPGRADE);
    await once(socket, 'connect');
    socket.resetAndDestroy();
    const next = new WebSocket(url('/plain'));
    await once(next, 'open');
    next.close();
  });
});
