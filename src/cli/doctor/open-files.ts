import { readFile } from 'node:fs/promises';
import type { Finding } from './check.js';

const LEAST = 4096;
const ADVICE =
  `Raise it to ${LEAST} or more: \`ulimit -n 65536\` in the shell that starts Chorus, or pm2's ` +
  'daemon (`pm2 kill` first); LimitNOFILE=65536 in a systemd unit; --ulimit nofile=65536 for Docker.';

/** Reads how many files and sockets this process may open; Node raises the soft limit by itself. */
export async function checkOpenFiles(_: unknown, limits = '/proc/self/limits'): Promise<Finding> {
  const text = await readFile(limits, 'utf8').catch(() => '');
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (soft === undefined) return { state: 'ok', detail: 'this system does not tell the limit' };
  const limit = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  const detail = `${soft} at once`;
  return limit >= LEAST ? { state: 'ok', detail } : { state: 'warning', detail, advice: ADVICE };
}
