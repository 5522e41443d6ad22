import { setMaxListeners } from 'node:events';

import { ChorusError, type ErrorCode } from '../../src/protocol/errors.js';
import { LeaseRouter, type RouterLimits } from '../../src/routing/lease-router.js';
import type { Grant, RouteRequest } from '../../src/routing/model-route.js';
import type { Destination } from '../../src/routing/place.js';
import { ManualClock, settled } from '../support/manual-clock.js';

/** Processes are their names here. */
export type Held = Grant<string>;

/** For requests that nobody gives up. */
export const never = new AbortController().signal;
// Thousands of requests share it here; outside of tests each has its own.
setMaxListeners(0, never);

/** Long enough for every slow start to be over. */
export const WARM_UP_MS = 10_000;

/** A router on a clock of its own. */
export interface Scene {
  readonly clock: ManualClock;
  readonly router: LeaseRouter<string>;
}

/** A short text to speak for somebody who listens, but for what a test says. */
export function speech(change: Partial<RouteRequest> = {}): RouteRequest {
  const client = 'somebody';
  return { service: 'tts', model: 'joe', class: 'interactive', client, cost: 1, ...change };
}

/** The first process of a worker. */
export function processOf(workerId: string): string {
  return `process of ${workerId}`;
}

/** A model on the first process of a worker. */
export function destination(
  workerId: string,
  capacity: number,
  change: Partial<Destination<string>> = {},
): Destination<string> {
  const target = processOf(workerId);
  return { workerId, service: 'tts', model: 'joe', capacity, target, ...change };
}

/** A router whose places have just been loaded: each holds one lease for a start. */
export function coldScene(
  destinations: readonly Destination<string>[],
  limits: Partial<RouterLimits> = {},
): Scene {
  const clock = new ManualClock();
  const all = { maxQueue: 100, queueTimeoutMs: 60_000, maxStreams: 4, ...limits };
  const router = new LeaseRouter<string>(all, { clock, random: () => 0.5 });
  for (const one of destinations) router.add(one);
  return { clock, router };
}

/** A router whose places hold as many leases as they have capacity for. */
export async function warmScene(
  destinations: readonly Destination<string>[],
  limits: Partial<RouterLimits> = {},
): Promise<Scene> {
  const scene = coldScene(destinations, limits);
  await scene.clock.advance(WARM_UP_MS);
  return scene;
}

/** What has become of a request so far. */
export class Asked {
  lease: Held | undefined;
  error: ChorusError | undefined;

  constructor(answer: Promise<Held>) {
    answer.then(
      (lease) => (this.lease = lease),
      (caught: unknown) => (this.error = ChorusError.from(caught)),
    );
  }

  /** Where it stands. */
  get state(): 'waits' | 'served' | ErrorCode {
    return this.lease ? 'served' : (this.error?.code ?? 'waits');
  }
}

/** Asks for a place and lets everything happen that happens at once. */
export async function ask(answer: Promise<Held>): Promise<Asked> {
  const asked = new Asked(answer);
  await settled();
  return asked;
}

/** Places that are there for the asking. */
export async function hold(
  { router }: Scene,
  count: number,
  request: RouteRequest = speech(),
): Promise<Held[]> {
  const held: Held[] = [];
  for (let n = 0; n < count; n += 1) {
    const asked = await ask(router.acquire(request, never));
    if (!asked.lease) throw new Error(`no place at once: ${asked.state}`);
    held.push(asked.lease);
  }
  return held;
}

/** How many places a worker has that can be had at once; holds all of them. */
export async function roomOf({ router }: Scene, target: string): Promise<number> {
  for (let room = 0; ; room += 1) {
    const leave = new AbortController();
    const asked = await ask(router.acquireAt(target, speech(), leave.signal));
    leave.abort();
    if (!asked.lease) return room;
  }
}
