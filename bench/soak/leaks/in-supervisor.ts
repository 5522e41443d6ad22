import { isMainThread } from 'node:worker_threads';

const EVERY_MS = 250;

/**
 * Leaks again and again, but in the supervisor alone: its children inherit the preload, and its
 * threads load it too.
 */
export function leakInSupervisor(leak: () => void): void {
  if (isMainThread && process.argv.includes('serve')) setInterval(leak, EVERY_MS).unref();
}
