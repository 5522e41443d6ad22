import { setTimeout as delay } from 'node:timers/promises';

import type { Supervisor } from '../../src/supervisor/supervisor.js';
import { signalProcess } from '../../test/support/signal-process.js';

/** How a churn ends the worker's process. */
export type ChurnWay = 'restart' | 'kill';

const POLL_MS = 5;
const DEADLINE_MS = 120_000;

/** Ends a worker's process, and resolves when another serves in its place. */
export async function churnWorker(
  supervisor: Supervisor,
  id: string,
  way: ChurnWay,
): Promise<void> {
  if (way === 'restart') await supervisor.restartWorker(id);
  else await killWorker(supervisor, id);
}

/** Here the back-off is in each churn, and quarantine is lifted where it sets in. */
async function killWorker(supervisor: Supervisor, id: string): Promise<void> {
  const find = (): { readonly pid?: number; readonly state: string } | undefined =>
    supervisor.status().workers.find((worker) => worker.id === id);
  const old = find()?.pid;
  if (old === undefined) throw new Error(`${id} has no process to be killed.`);
  signalProcess(old, 'SIGKILL');
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const now = find();
    if (now?.state === 'ready' && now.pid !== old) return;
    if (now?.state === 'quarantined') {
      await supervisor.restartWorker(id);
      return;
    }
    if (performance.now() > deadline) throw new Error(`${id} did not come back.`);
    await delay(POLL_MS);
  }
}
