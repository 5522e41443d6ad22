/**
 * Sends a signal to one process. An id that could not be read is 0, and that one names the group of
 * whoever sends the signal: the whole test run, with all that started it, would end without a word.
 * @throws Error if the id is not that of a single process.
 */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  process.kill(single(pid, signal), signal);
}

/**
 * Sends a signal to the group that a process leads, as a terminal does at Ctrl-C.
 * @throws Error if the id is not that of a single process.
 */
export function signalGroupOf(leader: number | undefined, signal: NodeJS.Signals): void {
  process.kill(-single(leader, signal), signal);
}

function single(pid: number | undefined, signal: NodeJS.Signals): number {
  if (pid !== undefined && Number.isInteger(pid) && pid > 1) return pid;
  throw new Error(`${pid} is no process that could be sent ${signal}.`);
}
