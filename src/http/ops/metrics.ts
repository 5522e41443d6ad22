import type { Middleware } from 'koa';
import { EXPOSITION_TYPES, type ExpositionFormat } from '../../telemetry/metrics/exposition.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';

const FORMATS: readonly ExpositionFormat[] = ['text', 'openMetrics'];

/** Handles `GET /metrics`: OpenMetrics for who prefers it, else Prometheus's text. */
export function readMetrics({ metrics }: Pick<AppDependencies, 'metrics'>): Middleware<DoorState> {
  return async function readMetrics(ctx) {
    const offered = FORMATS.map((format) => EXPOSITION_TYPES[format].replace(/; charset.*/, ''));
    const wanted = ctx.accepts(...offered);
    const format = wanted === offered[1] ? 'openMetrics' : 'text';
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Content-Type', EXPOSITION_TYPES[format]);
    ctx.body = await metrics.scrape(format);
  };
}
