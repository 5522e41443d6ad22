import { LeaseRouter } from '../../src/routing/lease-router.js';
import type { Grant } from '../../src/routing/model-route.js';
import type { PlaceRequest } from '../../src/routing/router.js';
import { machineState } from '../support/machine.js';
import { print } from '../support/report.js';
import { quantile, rounded } from '../support/statistics.js';

const WORKERS = 1_000;
const CAPACITY = 4;
const CHOICES = 20_000;
/** Runs before the compiler has seen to the code. */
const UNCOUNTED = 5_000;
const GOAL_US = 20;
const WAITING = 100;

const SPEECH: PlaceRequest = {
  service: 'tts',
  model: 'simulated',
  class: 'interactive',
  client: 'anybody',
  cost: 100,
};

/** Does it once and says how many milliseconds of it count. */
type Cycle = () => Promise<number>;

/** How full the fleet is, and what is timed then. */
const STATES = {
  /** Every worker is as good as the other: a lease is taken and given back. */
  idle: async (router: Fleet): Promise<Cycle> => timedCycle(router),
  /** Every worker has some leases, and one place is free at each: the same. */
  busy: async (router: Fleet): Promise<Cycle> => {
    await take(router, WORKERS * (CAPACITY - 1));
    return timedCycle(router);
  },
  /** No place is free: one is given back and goes to the request that waits longest. */
  handOver: async (router: Fleet): Promise<Cycle> => (await fullFleet(router)).timedHandOver,
  /** No place is free: a request comes and has to wait. */
  queued: async (router: Fleet): Promise<Cycle> => (await fullFleet(router)).timedWait,
} as const;

type Fleet = LeaseRouter<string>;
type Lease = Grant<string>;

/** Times the router's work for one request among a thousand workers. */
export async function benchChoice(): Promise<void> {
  for (const [state, prepare] of Object.entries(STATES)) {
    const cycle = await prepare(await warmFleet());
    const timesUs: number[] = [];
    for (let choice = 0; choice < UNCOUNTED + CHOICES; choice += 1) {
      const ms = await cycle();
      if (choice >= UNCOUNTED) timesUs.push(ms * 1_000);
    }
    const at = (share: number): number => rounded(quantile(timesUs, share));
    print({
      bench: 'router',
      kind: 'choice',
      state,
      workers: WORKERS,
      choices: timesUs.length,
      p50Us: at(0.5),
      p99Us: at(0.99),
      goals: { p50: at(0.5) <= GOAL_US },
      ...machineState(),
    });
  }
}

async function warmFleet(): Promise<Fleet> {
  const limits = { maxQueue: Infinity, queueTimeoutMs: 1e9, maxStreams: 1 };
  const router = new LeaseRouter<string>(limits);
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const workerId = `worker-${worker}`;
    const { service, model } = SPEECH;
    router.add({ workerId, service, model, capacity: CAPACITY, target: workerId });
  }
  // Each result lets a fresh place hold one lease more.
  const first = await take(router, WORKERS);
  for (let result = 1; result < CAPACITY; result += 1) {
    for (const lease of first) lease.report('result');
  }
  for (const lease of first) lease.release();
  return router;
}

async function take(router: Fleet, leases: number): Promise<Lease[]> {
  return Promise.all(Array.from({ length: leases }, () => router.acquire(SPEECH, fresh())));
}

/** Whoever waits listens to its signal; many on one would make it slow. */
function fresh(): AbortSignal {
  return new AbortController().signal;
}

function timedCycle(router: Fleet): Cycle {
  const signal = fresh();
  return async () => {
    const beginMs = performance.now();
    const lease = await router.acquire(SPEECH, signal);
    lease.report('result');
    lease.release();
    return performance.now() - beginMs;
  };
}

async function fullFleet(
  router: Fleet,
): Promise<{ readonly timedHandOver: Cycle; readonly timedWait: Cycle }> {
  const held = await take(router, WORKERS * CAPACITY);
  const waiting = Array.from({ length: WAITING }, () => router.acquire(SPEECH, fresh()));
  const handOver = async (): Promise<void> => {
    held.shift()?.release();
    const bound = await waiting.shift();
    if (bound) held.push(bound);
  };
  const wait = (signal: AbortSignal): void => void waiting.push(router.acquire(SPEECH, signal));
  return {
    timedHandOver: async () => {
      wait(fresh());
      const beginMs = performance.now();
      await handOver();
      return performance.now() - beginMs;
    },
    timedWait: async () => {
      await handOver();
      const signal = fresh();
      const beginMs = performance.now();
      wait(signal);
      return performance.now() - beginMs;
    },
  };
}
