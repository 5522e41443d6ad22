import type { Middleware } from 'koa';
import type { RequestMetrics } from '../../telemetry/metrics/request-metrics.js';
import { type DoorContext, type DoorState, outcomeOf } from '../context.js';
import { routeOf } from './access-log.js';

/** Counts and times every request when its answer has left or its connection has gone. */
export function measure(metrics: RequestMetrics): Middleware<DoorState> {
  return function measure(ctx, next) {
    const startedAtMs = performance.now();
    ctx.res.once('close', () => {
      const seconds = (performance.now() - startedAtMs) / 1000;
      countRequest(metrics, ctx, { outcome: outcomeOf(ctx), seconds });
    });
    return next();
  };
}

/** Counts a request that has ended. */
export function countRequest(
  metrics: RequestMetrics,
  ctx: DoorContext,
  end: { readonly outcome: string; readonly seconds?: number },
): void {
  const { task, model } = ctx.state.facts;
  metrics.ended({
    route: routeOf(ctx),
    ...(task !== undefined && { task }),
    ...(model !== undefined && { model }),
    ...end,
  });
}
