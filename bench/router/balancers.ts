import type { Clock } from '../../src/routing/clock.js';
import type { SeededRandom } from './random.js';
import type { Job, Replica } from './replica.js';
import type { TraceRequest } from './trace.js';

/** Decides at which replica a request is worked on, and when it goes there. */
export interface Balancer {
  arrive(request: TraceRequest, job: Job): void;
  /** Resolves when it has done all that it does at this moment; absent = always at once. */
  settle?(): Promise<void>;
}

/** Between whom a balancer chooses. */
export interface BalancerSite {
  readonly clock: Clock;
  readonly replicas: readonly Replica[];
  /** Jobs that a replica may have at once; the plain balancers know no bound. */
  readonly capacity: number;
  readonly random: SeededRandom;
}

/** Makes a balancer for a site. */
export type MakeBalancer = (site: BalancerSite) => Balancer;

/** One after the other. */
export function roundRobin({ replicas }: BalancerSite): Balancer {
  let arrivals = 0;
  return atOnce(() => replicas[arrivals++ % replicas.length]);
}

/** Any one. */
export function random({ replicas, random: chance }: BalancerSite): Balancer {
  return atOnce(() => replicas[chance.below(replicas.length)]);
}

/** Of two different ones that with less in flight. */
export function powerOfTwo({ replicas, random: chance }: BalancerSite): Balancer {
  return atOnce(() => {
    const first = chance.below(replicas.length);
    const step = 1 + chance.below(Math.max(1, replicas.length - 1));
    const pair = [replicas[first], replicas[(first + step) % replicas.length]];
    return fewest(
      pair.filter((one) => one !== undefined),
      chance,
    );
  });
}

/** That with the least in flight. */
export function leastConnections({ replicas, random: chance }: BalancerSite): Balancer {
  return atOnce(() => fewest(replicas, chance));
}

/**
 * The ideal: one queue, first come, first served, from which a request goes to the replica that has
 * the least in flight as soon as any has fewer jobs than it may have. Among equals it knows who will
 * be done first, as nobody can who has only a text's length. Nothing costs any time.
 */
export function central(site: BalancerSite): Balancer {
  return oneQueue(site, (equals) => equals.toSorted((a, b) => a.leftMs - b.leftMs)[0]);
}

/** The same queue, but among equals any one is taken. */
export function centralBlind(site: BalancerSite): Balancer {
  return oneQueue(site, (equals) => equals[site.random.below(equals.length)]);
}

function oneQueue(
  { replicas, capacity }: BalancerSite,
  choose: (equals: Replica[]) => Replica | undefined,
): Balancer {
  const queue: Job[] = [];
  const dispatch = (): void => {
    const replica = choose(withFewest(replicas));
    const job = replica && replica.leases < capacity ? queue.shift() : undefined;
    if (!replica || !job) return;
    replica.accept({ ...job, onEnd: () => (job.onEnd(), dispatch()) });
    dispatch();
  };
  return { arrive: (_, job) => (queue.push(job), dispatch()) };
}

function atOnce(choose: () => Replica | undefined): Balancer {
  return { arrive: (_, job) => choose()?.accept(job) };
}

function fewest(replicas: readonly Replica[], chance: SeededRandom): Replica | undefined {
  const equals = withFewest(replicas);
  return equals[chance.below(equals.length)];
}

function withFewest(replicas: readonly Replica[]): Replica[] {
  const least = Math.min(...replicas.map(({ leases }) => leases));
  return replicas.filter(({ leases }) => leases === least);
}
