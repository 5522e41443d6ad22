import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import { cpuSeconds } from './process-stat.js';
import { processTree } from './process-tree.js';
import { rounded } from './statistics.js';

/** What the machine did while all clients of a level were there. */
export interface LoadCost {
  readonly serverCores: number;
  readonly clientCores: number;
  /**
   * How late this process was to send and to read: more than a few milliseconds would look like
   * underruns, and makes lags longer than they are.
   */
  readonly clientLagP99Ms: number;
}

/**
 * Measures for so many seconds from now on.
 * @param pid The server's supervisor.
 */
export async function costOf(pid: number, seconds: number): Promise<LoadCost> {
  const server = await processTree(pid);
  const lag = monitorEventLoopDelay({ resolution: 5 });
  const [serverBefore, clientBefore] = [await cpuSeconds(server), process.cpuUsage()];
  lag.enable();
  await delay(seconds * 1000);
  lag.disable();
  const client = process.cpuUsage(clientBefore);
  return {
    serverCores: rounded(((await cpuSeconds(server)) - serverBefore) / seconds),
    clientCores: rounded((client.user + client.system) / 1e6 / seconds),
    clientLagP99Ms: rounded(lag.percentile(99) / 1e6),
  };
}
