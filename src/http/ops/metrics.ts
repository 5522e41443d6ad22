import type { Middleware } from 'koa';
import { EXPOSITION_TYPES, type ExpositionFormat } from '../../telemetry/metrics/exposition.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';

/** Handles `GET /metrics`: OpenMetrics for who prefers it, else Prometheus's text. */
export function readMetrics({ metrics }: Pick<AppDependencies, 'metrics'>): Middleware<DoorState> {
  return async function readMetrics(ctx) {
    const format = formatFor(ctx.get('Accept'));
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Content-Type', EXPOSITION_TYPES[format]);
    ctx.body = await metrics.scrape(format);
  };
}

/** Prometheus asks for versions and escapings that it would like; it reads ours all the same. */
function formatFor(accept: string): ExpositionFormat {
  const openMetrics = qualityOf('application/openmetrics-text', accept);
  return openMetrics > 0 && openMetrics >= qualityOf('text/plain', accept) ? 'openMetrics' : 'text';
}

/** The highest `q` that an Accept header gives to a type, whatever its other parameters; 0 = not named. */
function qualityOf(type: string, accept: string): number {
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim()));
  const qualities = ranges
    .filter(([name]) => name?.toLowerCase() === type)
    .map((parts) => Number(parts.find((part) => /^q=/i.test(part))?.slice(2) ?? 1));
  return Math.max(0, ...qualities.filter(Number.isFinite));
}
