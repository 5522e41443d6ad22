import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Names a process for good: its id alone is used again after it has ended. */
export const identitySchema = z.object({
  /** 0 and below name groups of processes, or all. */
  pid: z.int().min(1),
  /** Start time in clock ticks since boot; empty where the system does not tell (no `/proc`). */
  started: z.string(),
});
export type ProcessIdentity = Readonly<z.infer<typeof identitySchema>>;

/** Whether a process with this id exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (caught) {
    return (caught as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Looks at a process now. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  const { started } = await readStatus(pid);
  return { pid, started };
}

/** Whether the very process that was looked at once lives still. */
export async function isStillAlive(then: ProcessIdentity): Promise<boolean> {
  const { state, started } = await readStatus(then.pid);
  // A zombie has ended; in a container without an init nobody may ever ask for its exit code.
  if (state === 'Z' || !isAlive(then.pid)) return false;
  return started === '' || then.started === '' || started === then.started;
}

interface Status {
  readonly state: string;
  readonly started: string;
}

/** Source: fields 3 and 22 of proc(5)'s `stat`; empty where the system does not tell. */
async function readStatus(pid: number): Promise<Status> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in brackets, may hold blanks and brackets itself.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}
