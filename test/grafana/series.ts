import { PROCESS_SERIES, SERIES, SERIES_PREFIX } from '../../src/telemetry/metrics/series.js';
import type { SeriesRow } from '../../src/telemetry/metrics/series-row.js';

/** Every series of `/metrics` by its whole name. */
export const ALL_SERIES: ReadonlyMap<string, SeriesRow> = new Map([
  ...Object.entries(SERIES).map(([name, row]): [string, SeriesRow] => [SERIES_PREFIX + name, row]),
  ...Object.entries(PROCESS_SERIES),
]);

/** Series that Prometheus itself makes. */
const OWN_OF_PROMETHEUS: ReadonlySet<string> = new Set(['ALERTS', 'up']);

/**
 * Row of the table that a name in a query belongs to: a histogram has three names.
 * @returns Undefined for what no server of ours says.
 */
export function familyOf(name: string): string | undefined {
  if (OWN_OF_PROMETHEUS.has(name)) return name;
  if (ALL_SERIES.get(name)?.type !== 'histogram' && ALL_SERIES.has(name)) return name;
  const family = name.replace(/_(?:bucket|sum|count)$/, '');
  return ALL_SERIES.get(family)?.type === 'histogram' ? family : undefined;
}

/**
 * Counters of rare events that a dashboard shows as they are. Such a counter has no series before
 * the first event, so that `increase` misses the very event that matters.
 */
export const RARE_COUNTERS: readonly string[] = [
  'speech_gpu_xid_errors_total',
  'speech_replica_restarts_total',
  'speech_worker_leak_suspicions_total',
];
