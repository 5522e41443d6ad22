import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

import { healthOf } from '../support/health.js';
import type { WorkerHealth } from '../support/health.js';
import { note } from '../support/report.js';
import type { Site } from './site.js';
import { signalProcess } from '../../test/support/signal-process.js';

/**
 * Kills one worker after the other at a steady pace, each only while another one can take over; and
 * does what an operator does about a quarantine.
 */
export async function killAgain(site: Site, everySeconds: number): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await delay(everySeconds * 1000, undefined, { signal: site.end }).catch(() => undefined);
    if (site.end.aborted) return;
    try {
      const { workers } = await healthOf(site.url);
      await Promise.all(workers.map((worker) => lift(site, worker)));
      killOne(site, workers, turn);
    } catch (caught) {
      note(`soak: no kill this time: ${String(caught)}`);
    }
  }
}

function killOne(site: Site, workers: readonly WorkerHealth[], turn: number): void {
  const ready = workers.filter(({ state }) => state === 'ready');
  const { pid } = workers[turn % workers.length] ?? {};
  if (ready.length < 2 || !ready.some((worker) => worker.pid === pid) || pid === undefined) return;
  signalProcess(pid, 'SIGKILL');
  site.tally.kills += 1;
}

async function lift(site: Site, { id, state }: WorkerHealth): Promise<void> {
  if (state !== 'quarantined') return;
  const { statusCode, body } = await request(`${site.url}/admin/workers/${id}/restart`, {
    method: 'POST',
    reset: true,
  });
  await body.dump();
  if (statusCode < 300) site.tally.lifted += 1;
  else note(`soak: ${id} stays in quarantine: ${statusCode}`);
}
