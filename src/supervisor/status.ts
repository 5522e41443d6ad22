import { deviceIdOf, type ModelReport } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { ServerStatus, WorkerModelStatus, WorkerStatus } from '../protocol/status.js';
import { placementWarning } from './placement-warnings.js';
import type { Slot } from './slot.js';
import type { WorkerSlot, WorkerSpec } from './worker-slot.js';

/** Replicas of a service that take requests now. */
export function readyReplicas(workers: readonly WorkerSlot[], service: Service): number {
  return workers
    .flatMap((worker) => worker.readyModels)
    .filter((model) => model.service === service)
    .reduce((replicas, model) => replicas + model.replicas, 0);
}

/** A worker as `/health` shows it. */
export function describeWorker(worker: WorkerSlot): WorkerStatus {
  const { spec, slot } = worker;
  return {
    id: spec.id,
    device: deviceIdOf(spec.device),
    services: [...new Set(spec.models.map((model) => model.service))],
    models: describeModels(worker),
    ...describeSlot(slot),
  };
}

/** Any supervised process as `/health` shows it. */
export function describeSlot({ pid, state, history }: Slot): ServerStatus['media'] {
  const { totalRestarts, lastFailure } = history;
  return {
    ...(pid !== undefined && { pid }),
    state,
    restarts: totalRestarts,
    ...(lastFailure && { lastFailure }),
  };
}

/** What an operator should know: what is out of service, and models that failed or are misplaced. */
export function describeWarnings(workers: readonly WorkerSlot[], media: Slot): string[] {
  return [...mediaWarnings(media), ...workers.flatMap(workerWarnings)];
}

function mediaWarnings({ state, history }: Slot): string[] {
  const reason = history.lastFailure?.reason ?? 'unknown';
  const isDown = state === 'crashed' || state === 'init_failed';
  return isDown ? [`media is down, and no audio can be read or written: ${reason}`] : [];
}

function workerWarnings(worker: WorkerSlot): string[] {
  return [
    ...slotWarnings(worker),
    ...[...worker.reports.values()].flatMap((report) => modelWarnings(worker.spec, report)),
    ...variantWarnings(worker),
  ];
}

function slotWarnings({ spec, slot, reports }: WorkerSlot): string[] {
  const reason = slot.history.lastFailure?.reason ?? 'unknown';
  if (slot.state === 'quarantined') {
    return [
      `${spec.id} is quarantined: ${reason} ` +
        `POST /admin/workers/${spec.id}/restart puts it back into service.`,
    ];
  }
  if (slot.state === 'crashed') return [`${spec.id} has crashed and is restarted: ${reason}`];
  // A model's own report says it better.
  const isTold = [...reports.values()].some((report) => report.state === 'failed');
  return slot.state === 'init_failed' && !isTold ? [`${spec.id} cannot start: ${reason}`] : [];
}

function modelWarnings({ id, device }: WorkerSpec, report: ModelReport): string[] {
  const subject = `${id}: ${report.id}`;
  if (report.state === 'failed') return [`${subject} cannot load: ${report.error.message}`];
  const warning = placementWarning(report, device);
  return warning === undefined ? [] : [`${subject} ${warning}`];
}

/** Variants that are run because better ones are not here. */
function variantWarnings({ spec, reports }: WorkerSlot): string[] {
  return spec.models.flatMap(({ id, precisionReason }) => {
    const report = reports.get(id);
    const isMeant = report?.state === 'ready' && report.degradedReason === undefined;
    return precisionReason !== undefined && isMeant ? [`${spec.id}: ${precisionReason}`] : [];
  });
}

/** Models that are served now, and those that cannot be, in the order of their reports. */
function describeModels({ readyModels, reports }: WorkerSlot): WorkerModelStatus[] {
  return [...reports.values()].flatMap((report): WorkerModelStatus[] => {
    const { id, service } = report;
    if (report.state === 'failed') {
      return [{ id, service, state: 'init_failed', replicas: 0, error: report.error.message }];
    }
    if (!readyModels.includes(report)) return [];
    const { state, replicas, provider, degradedReason, placement, precision } = report;
    const degraded = degradedReason === undefined ? {} : { degradedReason };
    const found = { ...(placement && { placement }), ...(precision && { precision }) };
    return [{ id, service, state, replicas, provider, ...degraded, ...found }];
  });
}
