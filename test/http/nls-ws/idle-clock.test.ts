import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { IdleClock } from '../../../src/http/nls/ws/idle-clock.js';

const TIMEOUT_MS = 50;

/** A client's socket, and the server's end of it. */
async function pair(): Promise<{ client: Socket; served: Socket; close: () => void }> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[served]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const close = (): void => {
    client.destroy();
    server.close();
  };
  return { client, served, close };
}

/** Does nothing else, as a server does that gets no time. */
function holdUp(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a server that was held up reads what has come before it calls a client idle', async () => {
  const { client, served, close } = await pair();
  const told: string[] = [];
  const idle = new Promise<void>((resolve) => {
    const clock = new IdleClock(TIMEOUT_MS, () => {
      told.push('idle');
      clock.stop();
      resolve();
    });
    served.on('data', () => {
      told.push('data');
      clock.active();
    });
    client.write('speech', () => holdUp(2 * TIMEOUT_MS));
  });
  await idle;
  expect(told).toEqual(['data', 'idle']);
  close();
});

test('it tells again after as much silence, until it is stopped', async () => {
  let told = 0;
  await new Promise<void>((resolve) => {
    const clock = new IdleClock(1, () => {
      told += 1;
      if (told < 3) return;
      clock.stop();
      resolve();
    });
  });
  expect(told).toBe(3);
});
