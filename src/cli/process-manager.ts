import type { Logger } from '../telemetry/log.js';
import { EXIT } from './failure.js';

/**
 * Ties a server to the process manager that started it, where one did and holds an IPC channel to
 * it, as pm2 does: says `ready` once the fleet is settled, and ends the server when the manager is
 * gone, because nobody could stop it any more, and its successor would find the port taken. That
 * end is at once and without a drain; the child processes follow by themselves.
 * @param settled Resolves when every child process has become ready or failed once.
 */
export function followProcessManager(settled: Promise<void>, log: Pick<Logger, 'error'>): void {
  if (process.send === undefined) return;
  const leave = (): void => {
    log.error({}, 'the process manager is gone: the server ends at once');
    process.exit(EXIT.failed);
  };
  // It may have gone while the settings were read, and the event tells that only once.
  if (!process.connected) leave();
  process.once('disconnect', leave);
  // A listener would hold the event loop open: a server that has stopped would never end.
  process.channel?.unref();
  void settled.then(sayReady);
}

function sayReady(): void {
  // A manager that left in this moment is noticed through `disconnect`.
  if (process.connected) process.send?.('ready', undefined, {}, () => {});
}
