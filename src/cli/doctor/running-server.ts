import { z } from 'zod';
import { addressOf } from '../server-address.js';
import { VERSION } from '../version.js';
import type { CheckState, Finding } from './check.js';

/** A server that is busy, on a machine that is, takes longer than one would think. */
const TIMEOUT_MS = 5_000;
const healthSchema = z.object({
  status: z.enum(['loading', 'healthy', 'unhealthy']),
  version: z.string(),
  draining: z.boolean(),
  warnings: z.array(z.string()),
  workers: z.array(z.object({ id: z.string(), state: z.string() })),
});

/** What a running Chorus says of itself. */
export type Health = z.infer<typeof healthSchema>;

/** Asks who has an address of this machine; undefined if it is no Chorus, or does not answer. */
export async function askHealth(server: {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<Health | undefined> {
  const url = `${addressOf(server.host, server.port)}/health`;
  const signal = AbortSignal.any([server.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const answer = await fetch(url, { signal, redirect: 'error' });
    return healthSchema.parse(await answer.json());
  } catch {
    return undefined;
  }
}

function stateOf({ status, draining, warnings }: Health): CheckState {
  if (status === 'unhealthy') return 'failed';
  return status === 'loading' || draining || warnings.length > 0 ? 'warning' : 'ok';
}

/** Says how a running Chorus stands. */
export function describeRunning(health: Health, address: string): Finding {
  const { version, status, draining, workers, warnings } = health;
  const count = `${workers.length} worker${workers.length === 1 ? '' : 's'}`;
  const ends = draining ? ', stopping' : '';
  const other = version === VERSION ? '' : ` (this program is ${VERSION})`;
  const head = `Chorus ${version}${other} is running at ${address}, state ${status}${ends}, ${count}`;
  const detail = [head, ...warnings.map((warning) => `warning: ${warning}`)].join('\n');
  const state = stateOf(health);
  if (state === 'ok') return { state, detail };
  return { state, detail, advice: 'Its /health and its log tell more.' };
}
