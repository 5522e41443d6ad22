/** Planted leak: listeners that ask for long speech, take none of it in and never go away. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { JOE } from '../../support/joe.js';
import { longText } from '../../texts.js';
import { drawRaw, openRaw, sendRaw } from '../raw-connection.js';
import type { Site } from '../site.js';

const LISTENERS = 2;
/** A paused connection does not see its other side go: one that a death broke off is replaced. */
const RENEW_MS = 3_000;
/** More bytes than the kernel's buffers of a connection take. */
const SAMPLE_RATE_HZ = 48_000;

/** Holds leases until it is told otherwise, that is, beyond the end of the load. */
export async function holdLeases(site: Site, until: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: LISTENERS }, (_, at) => holdOne(site, until, at)));
}

async function holdOne({ port }: Site, until: AbortSignal, at: number): Promise<void> {
  let held: Socket | undefined;
  while (!until.aborted) {
    const next = await listen(port, until, at).catch(() => undefined);
    // The next one holds its lease before the last one lets go: there is no moment without.
    await delay(RENEW_MS, undefined, { signal: until }).catch(() => undefined);
    held?.destroy();
    held = next;
  }
  held?.destroy();
}

async function listen(port: number, until: AbortSignal, at: number): Promise<Socket> {
  const socket = await openRaw(port, until);
  const body = { ...JOE, input: longText(at), response_format: 'wav', sample_rate: SAMPLE_RATE_HZ };
  const headers = { 'content-type': 'application/json' };
  socket.pause();
  await sendRaw(socket, drawRaw({ path: '/v1/audio/speech', headers, body: JSON.stringify(body) }));
  return socket;
}
