import { readFile } from 'node:fs/promises';

/** Names a process for good: its id alone is used again after it has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot; empty where the system does not tell (no `/proc`). */
  readonly started: string;
}

/** Whether a process with this id exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (caught) {
    return (caught as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Looks at a process now. Source: field 22 of proc(5)'s `stat`. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in brackets, may hold blanks and brackets itself.
  const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return { pid, started };
}

/** Whether the very process that was looked at once lives still. */
export async function isStillAlive(then: ProcessIdentity): Promise<boolean> {
  if (!isAlive(then.pid)) return false;
  const { started } = await identify(then.pid);
  return started === '' || then.started === '' || started === then.started;
}
