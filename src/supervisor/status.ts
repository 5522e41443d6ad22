import type { ModelReport } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { ServerStatus } from '../protocol/status.js';
import type { WorkerSlot } from './worker-slot.js';

type WorkerStatus = ServerStatus['workers'][number];

/** Replicas of a service that take requests now. */
export function readyReplicas(workers: readonly WorkerSlot[], service: Service): number {
  let replicas = 0;
  for (const worker of workers) {
    for (const model of readyModels(worker))
      if (model.service === service) replicas += model.replicas;
  }
  return replicas;
}

/** A worker as `/health` shows it. */
export function describeWorker(worker: WorkerSlot): WorkerStatus {
  const { spec, slot } = worker;
  return {
    id: spec.id,
    device: spec.device.kind === 'gpu' ? spec.device.uuid : 'cpu',
    pid: slot.pid,
    state: slot.state,
    services: [...new Set(spec.models.map((model) => model.service))],
    models: readyModels(worker).map(({ id, service, replicas, provider, degradedReason }) => ({
      id,
      service,
      replicas,
      provider,
      ...(degradedReason === undefined ? {} : { degradedReason }),
    })),
  };
}

/** What an operator should know: models that failed, and models that run where they should not. */
export function describeWarnings(workers: readonly WorkerSlot[]): string[] {
  return workers.flatMap((worker) =>
    [...worker.reports.values()].flatMap((report) => {
      const subject = `${worker.spec.id}: ${report.id}`;
      if (report.state === 'failed') return [`${subject} cannot load: ${report.error.message}`];
      if (report.degradedReason === undefined) return [];
      return [`${subject} runs on the CPU, not on its GPU: ${report.degradedReason}`];
    }),
  );
}

function readyModels(worker: WorkerSlot): Extract<ModelReport, { state: 'ready' }>[] {
  if (worker.slot.state !== 'ready') return [];
  return [...worker.reports.values()].filter((report) => report.state === 'ready');
}
