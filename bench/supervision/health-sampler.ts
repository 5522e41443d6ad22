/**
 * Thread of its own that asks for `/health` at a steady beat, so that the clients which load the
 * server cannot hold its clock back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Client } from 'undici';

import type { SamplerOrder, SamplerResult } from './sample-health.js';

async function sample({ url, seconds, everyMs }: SamplerOrder): Promise<SamplerResult> {
  const client = new Client(url);
  const ask = async (): Promise<void> => {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/health' });
    await body.text();
    if (statusCode !== 200) throw new Error(`/health answered ${statusCode}.`);
  };
  // The connection is made before the first measurement.
  await ask();
  const latenciesMs: number[] = [];
  const lagsMs: number[] = [];
  const beginMs = performance.now();
  let freeAtMs = beginMs;
  for (let dueMs = beginMs; dueMs < beginMs + seconds * 1000; dueMs += everyMs) {
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const sentMs = performance.now();
    // A question that had to wait for a late answer has waited since it was due.
    const sinceMs = freeAtMs > dueMs ? dueMs : sentMs;
    if (freeAtMs <= dueMs) lagsMs.push(sentMs - dueMs);
    await ask();
    freeAtMs = performance.now();
    latenciesMs.push(freeAtMs - sinceMs);
  }
  await client.close();
  return { latenciesMs, lagsMs };
}

parentPort?.postMessage(await sample(workerData as SamplerOrder));
