import type { Router } from '@koa/router';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';

/**
 * Adds what operators may do. Both begin something that takes as long as models load, so they
 * answer 202 at once; `/health` and `GET /admin/reload` tell how far it is.
 */
export function addAdminRoutes(
  routes: Router<DoorState>,
  { admin, status, log }: AppDependencies,
): void {
  routes.post('/admin/workers/:id/restart', (ctx) => {
    const id = ctx.params['id'] ?? '';
    const { requestId } = ctx.state;
    const was = status().workers.find((worker) => worker.id === id)?.state;
    admin.restartWorker(id).catch((err: unknown) => {
      log.error({ requestId, worker: id, err }, 'a restart failed');
    });
    log.info({ requestId, worker: id }, 'an operator restarts a worker');
    ctx.status = 202;
    ctx.body = { status: 'restarting', worker: { id, was } };
  });
  routes.post('/admin/reload', (ctx) => {
    log.info({ requestId: ctx.state.requestId }, 'an operator restarts all workers, one by one');
    ctx.status = 202;
    ctx.body = admin.reload();
  });
  routes.get('/admin/reload', (ctx) => {
    ctx.body = status().reload;
  });
}
