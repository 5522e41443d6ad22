import type { Router } from '@koa/router';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { isReady } from './health-state.js';
import { healthBody } from './health.js';
import { readMetrics } from './metrics.js';
import { systemMetrics } from './system-metrics.js';

/** Adds the probes `/live`, `/ready` and `/health`, and `/metrics` and `/system/metrics`. */
export function addOpsRoutes(routes: Router<DoorState>, dependencies: AppDependencies): void {
  const { status, catalogue, settings, voices } = dependencies;
  routes.get('/live', (ctx) => {
    ctx.body = { status: 'alive' };
  });
  routes.get('/ready', (ctx) => {
    const ready = isReady(status());
    ctx.status = ready ? 200 : 503;
    if (!ready) ctx.set('Retry-After', '1');
    ctx.body = { status: ready ? 'ready' : 'not_ready' };
  });
  routes.get('/metrics', readMetrics(dependencies));
  routes.get('/health', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = healthBody({ status: status(), nowMs: Date.now(), catalogue, settings, voices });
  });
  routes.get('/system/metrics', systemMetrics(dependencies));
}
