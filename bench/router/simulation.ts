import { note, print } from '../support/report.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import {
  central,
  centralBlind,
  leastConnections,
  type MakeBalancer,
  powerOfTwo,
  random,
  roundRobin,
} from './balancers.js';
import { ours } from './ours.js';
import type { Inside } from './replica.js';
import { simulate } from './simulate.js';
import { speechTrace } from './speech-trace.js';
import { loadOf, readTrace, type TraceRequest, writeTrace } from './trace.js';
import { waitFigures } from './waits.js';

/** How much more than the ideal's our 99th percentile may be. */
const NEAR_CENTRAL = 1.05;
/** What part of plain least-connections' it may be, at the load where that is asked. */
const PART_OF_LEAST_CONNECTIONS = 0.5;
const COMPARED_LOAD = 0.7;

const BALANCERS = {
  ours,
  central,
  centralBlind,
  roundRobin,
  random,
  powerOfTwo,
  leastConnections,
} as const;
type BalancerName = keyof typeof BALANCERS;
const NAMES = Object.keys(BALANCERS) as readonly BalancerName[];

/** What the simulation can be told. */
export interface SimulationOptions {
  readonly trace?: string;
  readonly writeTrace?: string;
  readonly replicas: number;
  readonly capacity: readonly number[];
  readonly inside: Inside;
  readonly loads: readonly number[];
  readonly requests: number;
  readonly seed: number;
  readonly seeds: number;
}

/** Replays traces in virtual time: the real router against the ideal and against plain balancers. */
export async function benchSimulation(options: SimulationOptions): Promise<void> {
  for (const load of options.trace === undefined ? options.loads : [undefined]) {
    const traces = await tracesOf(options, load);
    for (const capacity of options.capacity) await replayAll(traces, { ...options, capacity });
  }
}

interface SeededTrace {
  readonly seed: number;
  readonly load: number;
  readonly requests: readonly TraceRequest[];
}

async function tracesOf(
  options: SimulationOptions,
  load: number | undefined,
): Promise<SeededTrace[]> {
  const { trace, writeTrace: file, replicas, requests, seed: first } = options;
  const seeds = Array.from({ length: options.seeds }, (_, n) => first + n);
  if (trace !== undefined || load === undefined) {
    const read = await readTrace(trace ?? '');
    // Another seed is another chance of the balancers, not another trace.
    return seeds.map((seed) => ({ seed, load: loadOf(read, replicas), requests: read }));
  }
  const traces = seeds.map((seed) => ({
    seed,
    load,
    requests: speechTrace({ requests, load, replicas, seed }),
  }));
  if (file !== undefined) {
    await writeTrace(file, traces[0]?.requests ?? []);
    note(`router: the trace of load ${load} is in ${file}`);
  }
  return traces;
}

type ReplayOptions = Omit<SimulationOptions, 'capacity'> & { readonly capacity: number };
type P99s = Readonly<Record<BalancerName, number>>;

async function replayAll(traces: readonly SeededTrace[], options: ReplayOptions): Promise<void> {
  const bySeed: P99s[] = [];
  for (const trace of traces) {
    const entries: [string, number][] = [];
    for (const name of NAMES) entries.push([name, await replay(trace, name, options)]);
    bySeed.push(Object.fromEntries(entries) as P99s);
  }
  printSummary(bySeed, traces[0]?.load ?? 0, options);
}

async function replay(
  { requests, load, seed }: SeededTrace,
  balancer: BalancerName,
  { replicas, capacity, inside }: ReplayOptions,
): Promise<number> {
  const make: MakeBalancer = BALANCERS[balancer];
  const { waitsMs, totalsMs } = await simulate(
    requests,
    { replicas, capacity, inside, seed },
    make,
  );
  const figures = waitFigures(waitsMs);
  print({
    bench: 'router',
    kind: 'simulated',
    load: rounded(load),
    replicas,
    capacity,
    inside,
    seed,
    balancer,
    requests: requests.length,
    ...figures,
    totalP99Ms: rounded(quantile(totalsMs, 0.99)),
  });
  return figures.p99Ms;
}

function printSummary(bySeed: readonly P99s[], load: number, options: ReplayOptions): void {
  const { replicas, capacity, inside } = options;
  const toCentral = bySeed.map((p99) => ratio(p99.ours, p99.central));
  const toLeast = bySeed.map((p99) => ratio(p99.ours, p99.leastConnections));
  const toBlind = bySeed.map((p99) => ratio(p99.ours, p99.centralBlind));
  // One seed's percentile is chance to some degree where the two bind differently.
  const isNear = quantile(toCentral, 0.5) <= NEAR_CENTRAL;
  const isHalf = quantile(toLeast, 0.5) <= PART_OF_LEAST_CONNECTIONS;
  // Replicas that work on all they have at once start everything at once.
  const isCompared = inside === 'fcfs' && load === COMPARED_LOAD;
  print({
    bench: 'router',
    kind: 'summary',
    part: 'simulation',
    load: rounded(load),
    replicas,
    capacity,
    inside,
    seeds: bySeed.length,
    p99Ms: Object.fromEntries(NAMES.map((name) => [name, spread(bySeed.map((p99) => p99[name]))])),
    oursToCentral: spread(toCentral),
    oursToCentralBlind: spread(toBlind),
    oursToLeastConnections: spread(toLeast),
    goals: { nearCentral: isNear, ...(isCompared ? { halfOfLeastConnections: isHalf } : {}) },
  });
}

/** Nothing to nothing is as good as the same. */
function ratio(ours: number, other: number): number {
  if (ours === other) return 1;
  return ours / other;
}
