import { readdir, readFile } from 'node:fs/promises';

import { processTree } from '../support/process-tree.js';
import { type Role, roleOf } from '../speech-memory/roles.js';

/** Milliseconds on a core since they began, of the processes of a server by what they are for. */
export type CoreMs = Readonly<Record<Exclude<Role, 'telemetry' | 'other'>, number>>;

const NS_PER_MS = 1e6;

/**
 * Reads for how long a server's processes have computed. Unlike the time on the clock it does not
 * grow when other programs want the same cores.
 */
export async function coreMs(root: number): Promise<CoreMs> {
  const found = { supervisor: 0, worker: 0, media: 0 };
  for (const pid of await processTree(root)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const role = roleOf(commandLine.replaceAll('\0', ' '));
    if (role in found) found[role as keyof CoreMs] += await processMs(pid);
  }
  return found;
}

/** What was computed in between, in all and by the worker. */
export function between(from: CoreMs, to: CoreMs): { cpuMs: number; workerCpuMs: number } {
  const all = (at: CoreMs): number => at.supervisor + at.worker + at.media;
  return { cpuMs: all(to) - all(from), workerCpuMs: to.worker - from.worker };
}

/** The scheduler counts in nanoseconds, for each thread (`/proc/<pid>/task/<tid>/schedstat`). */
async function processMs(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const texts = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0')),
  );
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]) / NS_PER_MS, 0);
}
