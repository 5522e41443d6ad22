import { startEmptyServer } from './overhead/empty-server.js';
import { benchDepartures } from './overhead/departures.js';
import { benchLatency } from './overhead/latency.js';
import { PROXIES, startProxy, versionOf } from './overhead/proxies.js';
import type { Proxy } from './overhead/proxies.js';
import { benchRefusals } from './overhead/refusals.js';
import type { Site } from './overhead/site.js';
import { benchThroughput } from './overhead/throughput.js';
import { machineFacts } from './support/machine.js';
import { print } from './support/report.js';

/** The parts of the bench, in the order in which they run. */
export const OVERHEAD_PARTS = ['latency', 'throughput', 'refusals', 'departures'] as const;

/** One part of the bench. */
export type OverheadPart = (typeof OVERHEAD_PARTS)[number];

/** What `bench overhead` can be told. */
export interface OverheadBenchOptions {
  readonly parts: readonly OverheadPart[];
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly requests: number;
  readonly sizes: readonly number[];
  readonly refusals: number;
  readonly refusalRounds: number;
  readonly departures: number;
  readonly workers: number;
  readonly peers: boolean;
  readonly cpus: string | undefined;
}

/** Measures what the supervisor costs in front of workers that answer at once. */
export async function benchOverhead(options: OverheadBenchOptions): Promise<void> {
  const { parts, peers } = options;
  const needed = ['wrk', ...(peers ? PROXIES : [])];
  const versions = Object.fromEntries(
    await Promise.all(needed.map(async (name) => [name, await versionOf(name)] as const)),
  );
  print({ bench: 'overhead', kind: 'setup', ...machineFacts(), versions, ...options });
  if (parts.includes('latency') || parts.includes('throughput')) {
    await withSite(options, async (site) => {
      if (parts.includes('latency')) await benchLatency(site, options);
      if (parts.includes('throughput')) await benchThroughput(site, options);
    });
  }
  if (parts.includes('refusals')) await benchRefusals(options);
  if (parts.includes('departures')) await benchDepartures(options);
}

async function withSite(
  options: OverheadBenchOptions,
  measure: (site: Site) => Promise<void>,
): Promise<void> {
  const { workers, connections, cpus, peers } = options;
  // Nothing waits in a queue here: every worker takes as many as there are connections.
  const env = { TTS_CAPACITY: String(connections) };
  const server = await startEmptyServer({ workers, cpus, env });
  const proxies: Proxy[] = [];
  try {
    for (const name of peers ? PROXIES : []) {
      proxies.push(await startProxy(name, { sockets: server.sockets, cpus }));
    }
    await measure({ server, proxies });
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  }
}
