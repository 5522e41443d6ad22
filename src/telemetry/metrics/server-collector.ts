import { readdir } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

import type { MetricSet } from './metric-set.js';
import type { Collector } from './metrics.js';

/** How often the event loop is asked whether it is late; it costs a wake-up each time. */
const RESOLUTION_MS = 20;
const NS_PER_SECOND = 1e9;

/** The supervisor's own series. */
export class ServerCollector implements Collector {
  readonly name = 'server';
  readonly #version: string;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** Counted while nobody waits for it: the next scrape tells it. */
  #openFds: number | undefined;

  constructor(version: string) {
    this.#version = version;
    this.#delay.enable();
  }

  /** See {@link Collector.collect}. */
  collect(metrics: MetricSet): void {
    metrics.build_info.set({ version: this.#version }, 1);
    this.#collectDelay(metrics);
    const { user, system } = process.cpuUsage();
    metrics.process_cpu_seconds_total.reset();
    metrics.process_cpu_seconds_total.inc((user + system) / 1e6);
    metrics.process_resident_memory_bytes.set(process.memoryUsage.rss());
    metrics.process_start_time_seconds.set(performance.timeOrigin / 1000);
    if (this.#openFds !== undefined) metrics.process_open_fds.set(this.#openFds);
    void this.#countOpenFds();
  }

  /** Ends the measuring. */
  close(): void {
    this.#delay.disable();
  }

  #collectDelay(metrics: MetricSet): void {
    const { supervisor_eventloop_lag_seconds: lag } = metrics;
    if (this.#delay.count > 0) {
      lag.set({ stat: 'p50' }, lateness(this.#delay.percentile(50)));
      lag.set({ stat: 'p99' }, lateness(this.#delay.percentile(99)));
      lag.set({ stat: 'max' }, lateness(this.#delay.max));
    }
    this.#delay.reset();
  }

  async #countOpenFds(): Promise<void> {
    // Only Linux tells.
    const fds = await readdir('/proc/self/fd').catch(() => undefined);
    this.#openFds = fds?.length;
  }
}

/** The histogram holds the time from one wake-up to the next, of which the interval is no delay. */
function lateness(intervalNs: number): number {
  return Math.max(0, intervalNs / NS_PER_SECOND - RESOLUTION_MS / 1000);
}
