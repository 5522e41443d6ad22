import { constants } from 'node:os';

/**
 * Runs a long task that Ctrl-C or SIGTERM may stop; a second one ends the process at once.
 * @param stopped What a stop means for the task's work, for the person at the keyboard.
 * @returns Undefined if the task ended by itself, else the exit code of a process that was stopped.
 * @throws What the task throws, unless it was stopped.
 */
export async function untilInterrupted(
  task: (signal: AbortSignal) => Promise<void>,
  stopped = 'the next pull goes on from here',
): Promise<number | undefined> {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const stop = (name: NodeJS.Signals): void => {
    const code = 128 + constants.signals[name];
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    await task(controller.signal);
  } catch (caught) {
    if (exitCode === undefined) throw caught;
    console.error(`chorus: stopped; ${stopped}.`);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return exitCode;
}
