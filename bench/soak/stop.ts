import { setTimeout as delay } from 'node:timers/promises';

import { groupMembers } from '../support/process-stat.js';
import type { Program } from '../support/program.js';

/** How a server has ended. */
export interface Stopped {
  readonly exitCode: number | null;
  /** Processes of its group that were there a second later. */
  readonly orphans: number;
}

const PATIENCE_MS = 60_000;
const ORPHANS_AFTER_MS = 1_000;

/** Ends a server by SIGTERM to itself alone, and looks at what it leaves behind. */
export async function stopAndLook(program: Program): Promise<Stopped> {
  program.signal('SIGTERM');
  const timer = setTimeout(() => program.signal('SIGKILL'), PATIENCE_MS);
  const { code } = await program.exited();
  clearTimeout(timer);
  await delay(ORPHANS_AFTER_MS);
  const orphans = (await groupMembers(program.pid)).length;
  return { exitCode: code, orphans };
}
