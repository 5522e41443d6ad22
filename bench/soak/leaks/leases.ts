/** Planted leak: listeners that ask for long speech, take none of it in and never go away. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { JOE } from '../../support/joe.js';
import { longText } from '../../texts.js';
import { drawRaw, openRaw, sendRaw } from '../raw-connection.js';
import type { Site } from '../site.js';

const LISTENERS = 2;
const AGAIN_MS = 200;
/** More bytes than the kernel's buffers of a connection take. */
const SAMPLE_RATE_HZ = 48_000;

/** Holds leases until it is told otherwise, that is, beyond the end of the load. */
export async function holdLeases(site: Site, until: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: LISTENERS }, (_, at) => holdOne(site, until, at)));
}

async function holdOne({ port }: Site, until: AbortSignal, at: number): Promise<void> {
  while (!until.aborted) {
    // A worker's death breaks the answer off: then another one is asked for.
    await holdOnce(port, until, at).catch(() => undefined);
    await delay(AGAIN_MS, undefined, { signal: until }).catch(() => undefined);
  }
}

async function holdOnce(port: number, until: AbortSignal, at: number): Promise<void> {
  const socket = await openRaw(port, until);
  const body = { ...JOE, input: longText(at), response_format: 'wav', sample_rate: SAMPLE_RATE_HZ };
  const headers = { 'content-type': 'application/json' };
  socket.pause();
  await sendRaw(socket, drawRaw({ path: '/v1/audio/speech', headers, body: JSON.stringify(body) }));
  if (!socket.destroyed) await once(socket, 'close', { signal: until });
}
