import type { MakeBalancer } from './balancers.js';
import { SeededRandom } from './random.js';
import { createReplica, type Inside } from './replica.js';
import type { TraceRequest } from './trace.js';
import { VirtualClock } from './virtual-clock.js';

/** Time before the first arrival, in which the real router lets fresh places grow to capacity. */
const WARM_UP_MS = 60_000;

/** What a trace is replayed against. */
export interface SimulatedSite {
  readonly replicas: number;
  readonly capacity: number;
  readonly inside: Inside;
  readonly seed: number;
}

/** Times of all requests, in the order in which they began or ended. */
export interface SimulatedTimes {
  /** From arrival to the first step. */
  readonly waitsMs: readonly number[];
  /** From arrival to the end. */
  readonly totalsMs: readonly number[];
}

/** Replays a trace in virtual time. */
export async function simulate(
  trace: readonly TraceRequest[],
  site: SimulatedSite,
  make: MakeBalancer,
): Promise<SimulatedTimes> {
  const clock = new VirtualClock();
  const replicas = Array.from({ length: site.replicas }, () => createReplica(site.inside, clock));
  const { capacity, seed } = site;
  const balancer = make({ clock, replicas, capacity, random: new SeededRandom(seed) });
  while (clock.step(WARM_UP_MS));
  const waitsMs: number[] = [];
  const totalsMs: number[] = [];
  const sinceMs = (momentMs: number): number => clock.now() - momentMs;
  const beginMs = WARM_UP_MS - clock.now();
  for (const request of trace) {
    clock.after(beginMs + request.arrivalMs, () => {
      const arrivedMs = clock.now();
      balancer.arrive(request, {
        serviceMs: request.serviceMs,
        onStart: () => waitsMs.push(sinceMs(arrivedMs)),
        onEnd: () => totalsMs.push(sinceMs(arrivedMs)),
      });
    });
  }
  while (totalsMs.length < trace.length) {
    if (!clock.step()) throw new Error('The balancer has lost a request.');
    await balancer.settle?.();
  }
  return { waitsMs, totalsMs };
}
