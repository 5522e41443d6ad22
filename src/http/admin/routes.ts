import type { Router } from '@koa/router';
import { ChorusError } from '../../protocol/errors.js';
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
    const worker = status().workers.find((one) => one.id === id);
    if (!worker) throw unknownWorker(id, status().workers);
    log.info({ requestId, worker: id }, 'an operator restarts a worker');
    admin.restartWorker(id).catch((err: unknown) => {
      log.error({ requestId, worker: id, err }, 'a restart failed');
    });
    ctx.status = 202;
    ctx.body = { status: 'restarting', worker: { id, was: worker.state } };
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

function unknownWorker(id: string, workers: readonly { readonly id: string }[]): ChorusError {
  const known = workers.map((worker) => worker.id).join(', ');
  const shown = id.length > 64 ? `${id.slice(0, 64)}…` : id;
  return new ChorusError('worker_not_found', `There is no worker ${shown}; there are: ${known}.`);
}
