import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { PROCESS_SERIES, SERIES, SERIES_PREFIX } from './series.js';
import type { SeriesRow, SeriesTable } from './series-row.js';

type MetricOf<Row extends SeriesRow> = Row['type'] extends 'counter'
  ? Counter<Row['labels'][number]>
  : Row['type'] extends 'histogram'
    ? Histogram<Row['labels'][number]>
    : Gauge<Row['labels'][number]>;

type MetricsOf<Table extends SeriesTable> = {
  readonly [Name in keyof Table]: MetricOf<Table[Name]>;
};

/** prom-client's metrics, one for each series, by its name without the prefix. */
export type MetricSet = MetricsOf<typeof SERIES> & MetricsOf<typeof PROCESS_SERIES>;

/** Registers every series. */
export function createMetricSet(registry: Registry): MetricSet {
  return {
    ...metricsOf(SERIES, { prefix: SERIES_PREFIX, registry }),
    ...metricsOf(PROCESS_SERIES, { prefix: '', registry }),
  };
}

interface Where {
  readonly prefix: string;
  readonly registry: Registry;
}

function metricsOf<Table extends SeriesTable>(table: Table, where: Where): MetricsOf<Table> {
  const metrics = Object.entries(table).map(([name, row]) => [name, metricOf(name, row, where)]);
  return Object.fromEntries(metrics) as MetricsOf<Table>;
}

function metricOf(name: string, row: SeriesRow, { prefix, registry }: Where): object {
  const { type, labels, help, buckets } = row;
  const options = { name: prefix + name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'histogram') return new Histogram({ ...options, buckets: [...(buckets ?? [])] });
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
  // Without labels a metric begins with 0, and nobody has measured that.
  if (labels.length === 0) metric.remove();
  return metric;
}
