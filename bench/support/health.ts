import { Client, request } from 'undici';
import { setTimeout as delay } from 'node:timers/promises';

/** A worker as `/health` shows it. */
export interface WorkerHealth {
  readonly id: string;
  readonly pid: number | undefined;
  readonly state: string;
}

/** What the benches read from `/health`. */
export interface Health {
  readonly status: string;
  readonly workers: readonly WorkerHealth[];
  /** Leases held and requests that wait; undefined where the server does not tell. */
  readonly leases: number | undefined;
  readonly queued: number | undefined;
}

const DEADLINE_MS = 120_000;

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Understands the body of `/health`; what a version does not have is undefined. */
export function readHealth(body: unknown): Health {
  const { status, workers, requests } = record(body);
  const { leases, queued } = record(requests);
  return {
    status: String(status),
    workers: (Array.isArray(workers) ? workers : []).map((worker) => {
      const { id, pid, state } = record(worker);
      return { id: String(id), pid: numberOf(pid), state: String(state) };
    }),
    leases: numberOf(leases),
    queued: numberOf(queued),
  };
}

/** Asks a server how it is, on a connection that is closed again. */
export async function healthOf(url: string): Promise<Health> {
  const { body } = await request(`${url}/health`, { reset: true, headersTimeout: 10_000 });
  return readHealth(await body.json());
}

/** Asks on one kept connection, again and again, until the answer is as wanted. */
export async function untilHealth(
  url: string,
  { wanted, everyMs }: { readonly wanted: (health: Health) => boolean; readonly everyMs: number },
): Promise<Health> {
  const client = new Client(url);
  const deadline = performance.now() + DEADLINE_MS;
  try {
    for (;;) {
      const { body } = await client.request({ method: 'GET', path: '/health' });
      const health = readHealth(await body.json());
      if (wanted(health)) return health;
      if (performance.now() > deadline) throw new Error(`${url}: not as wanted in time.`);
      await delay(everyMs);
    }
  } finally {
    await client.close();
  }
}

/** Waits until each of so many workers is ready, which `/ready` does not promise. */
export function untilAllReady(url: string, workers: number): Promise<Health> {
  const wanted = (health: Health): boolean =>
    health.workers.filter(({ state }) => state === 'ready').length >= workers;
  return untilHealth(url, { wanted, everyMs: 50 });
}
