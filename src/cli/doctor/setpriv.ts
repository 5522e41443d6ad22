import type { CheckContext, Finding } from './check.js';
import { findProgram, firstLine, runProgram } from './programs.js';

const ADVICE =
  'Workers still end through the control channel and the sweep at the next start; install ' +
  'util-linux to have the kernel end them at once.';

/** Looks for util-linux's setpriv, by which the kernel ends a worker whose supervisor has died. */
export async function checkSetpriv({ signal }: CheckContext): Promise<Finding> {
  const path = await findProgram('setpriv');
  if (path === undefined) return { state: 'warning', detail: 'not found', advice: ADVICE };
  // One run shows that it knows the option (BusyBox's does not), that it starts, and its version.
  const command = [path, '--pdeathsig', 'KILL', path, '--version'] as const;
  const end = await runProgram({ command, signal });
  if (end.kind === 'done') return { state: 'ok', detail: `${path}, ${firstLine(end.output)}` };
  const detail = `${path} does not know --pdeathsig: ${end.reason}`;
  return { state: 'warning', detail, advice: ADVICE };
}
