import { closeSync, openSync } from 'node:fs';

/**
 * Resolves with the next signal that asks this process to stop: SIGINT, SIGTERM, or a SIGHUP whose
 * terminal has gone.
 */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    process.on('SIGHUP', () => {
      if (hasLostTerminal()) resolve('SIGHUP');
    });
  });
}

const startedOnTerminal = process.stdin.isTTY || process.stderr.isTTY;

/**
 * Whether the terminal that this process was started on has been closed: the kernel sends SIGHUP
 * then too, and nobody would know of a server that went on. The controlling terminal cannot be
 * opened any more in that case.
 */
export function hasLostTerminal(): boolean {
  if (!startedOnTerminal) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
