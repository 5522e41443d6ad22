import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PROJECT_ROOT } from '../support/chorus.js';
import { note } from '../support/report.js';
import { Program } from '../support/program.js';
import type { ChurnWay } from './restart-worker.js';

/** How often a worker is started and stopped, and how it is ended. */
export interface ChurnOptions {
  readonly churns: number;
  readonly way: ChurnWay;
  readonly cpus: string | undefined;
}

const ENTRY = fileURLToPath(new URL('churn-process.js', import.meta.url));

/** Starts and stops a worker of one supervisor over and over, in a process of its own. */
export async function benchChurn({ churns, way, cpus }: ChurnOptions): Promise<void> {
  // The socket folder is made below it; nobody else's sockets are there.
  const folder = await mkdtemp(join(tmpdir(), 'chorus-churn-'));
  const program = new Program({
    name: 'the churned supervisor',
    command: process.execPath,
    // The flag of `npm start`, as in every measurement of the supervisor.
    args: ['--expose-gc', '--max-semi-space-size=4', ENTRY, String(churns), way],
    cwd: PROJECT_ROOT,
    cpus,
    env: { TMPDIR: folder },
    onErrorLine: note,
  });
  try {
    program.stdout.pipe(process.stdout, { end: false });
    const [{ code }] = await Promise.all([program.exited(), once(program.stdout, 'end')]);
    if (code !== 0) await program.ended();
  } finally {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
