import { setTimeout as delay } from 'node:timers/promises';

import type { Supervisor } from '../../src/supervisor/supervisor.js';

/** A supervisor that can restart one of its workers in good order. */
interface Restarting {
  /** Resolves when the worker is ready again. */
  restartWorker(id: string): Promise<void>;
}

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
  if (way === 'restart') {
    if (!canRestart(supervisor)) throw new Error('This supervisor cannot restart a worker.');
    await supervisor.restartWorker(id);
  } else await killWorker(supervisor, id);
}

function canRestart(supervisor: object): supervisor is Restarting {
  return 'restartWorker' in supervisor;
}

/** Here the back-off is in each churn, and quarantine ends the series unless it is lifted. */
async function killWorker(supervisor: Supervisor, id: string): Promise<void> {
  const find = (): { readonly pid?: number; readonly state: string } | undefined =>
    supervisor.status().workers.find((worker) => worker.id === id);
  const old = find()?.pid;
  if (old === undefined) throw new Error(`${id} has no process to be killed.`);
  process.kill(old, 'SIGKILL');
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const now = find();
    if (now?.state === 'ready' && now.pid !== old) return;
    if (now?.state === 'quarantined' && canRestart(supervisor)) {
      await supervisor.restartWorker(id);
      return;
    }
    if (performance.now() > deadline) throw new Error(`${id} did not come back.`);
    await delay(POLL_MS);
  }
}
