import { Registry } from 'prom-client';

import { exposition, type ExpositionFormat } from './exposition.js';
import { createMetricSet, type MetricSet } from './metric-set.js';
import { RequestMetrics } from './request-metrics.js';

/** Brings a group of series up to date, just before they are read. */
export interface Collector {
  /** Value of the label `collector`. */
  readonly name: string;
  /** Sets its series anew, those that are no more included. Must not wait for anything. */
  collect(metrics: MetricSet): void;
}

/** The part of a logger that is used here. */
export interface MetricsLog {
  warn(fields: object, message: string): void;
}

/** The one registry of the supervisor. */
export class Metrics {
  readonly series: MetricSet;
  /** What the doors tell of requests. */
  readonly requests: RequestMetrics;
  readonly #registry = new Registry();
  readonly #collectors: Collector[] = [];
  readonly #log: MetricsLog;
  /** Collectors whose failure has been said. */
  readonly #failing = new Set<string>();
  readonly #running = new Map<ExpositionFormat, Promise<string>>();

  constructor(log: MetricsLog) {
    this.#log = log;
    this.series = createMetricSet(this.#registry);
    this.requests = new RequestMetrics(this.series);
  }

  /** Has a group of series brought up to date for each scrape. */
  add(collector: Collector): void {
    this.#collectors.push(collector);
  }

  /** All series as text; scrapes at the same time share one. A collector that fails costs its own. */
  scrape(format: ExpositionFormat): Promise<string> {
    const running = this.#running.get(format) ?? this.#scrape(format);
    this.#running.set(format, running);
    return running;
  }

  async #scrape(format: ExpositionFormat): Promise<string> {
    try {
      this.series.collector_success.reset();
      for (const collector of this.#collectors) this.#collect(collector);
      return await exposition(this.#registry, format);
    } finally {
      this.#running.delete(format);
    }
  }

  #collect(collector: Collector): void {
    const { name } = collector;
    try {
      collector.collect(this.series);
      this.#failing.delete(name);
    } catch (err) {
      if (!this.#failing.has(name)) this.#log.warn({ err, collector: name }, 'series are missing');
      this.#failing.add(name);
    }
    this.series.collector_success.set({ collector: name }, this.#failing.has(name) ? 0 : 1);
  }
}
