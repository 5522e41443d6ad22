import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

import type { Program } from './program.js';

const POLL_MS = 50;
/** As long as the server gives a worker: on a GPU every length is run first. */
const START_TIMEOUT_MS = 600_000;

/** A TCP port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  return port;
}

/** Whether an address answers 200 at this moment. */
export async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: 5_000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

async function poll(url: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (performance.now() > deadline) {
      throw new Error(`${url} did not answer 200 within ${START_TIMEOUT_MS} ms.`);
    }
    await delay(POLL_MS);
  }
}

/** Waits until the address answers 200, unless the program ends before. */
export async function untilReady(program: Program, url: string): Promise<void> {
  await Promise.race([poll(url), program.ended()]);
}
