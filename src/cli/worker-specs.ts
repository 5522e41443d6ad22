import type { WorkerPlan } from '../config/devices.js';
import type { Settings } from '../config/settings.js';
import type { ModelAssignment } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { WorkerSpec } from '../supervisor/worker-slot.js';

/**
 * Turns device plans into what the supervisor starts: each worker with the models of its services.
 * @param gpuEnvironment Additions to the environment of workers on GPUs.
 */
export function workerSpecs(
  plans: readonly WorkerPlan[],
  settings: Settings,
  modelDir: (id: string) => string,
  gpuEnvironment: Readonly<Record<string, string>> = {},
): WorkerSpec[] {
  return plans.map((plan) => ({
    id: plan.id,
    device: plan.device,
    ...(plan.device.kind === 'gpu' && { environment: gpuEnvironment }),
    models: plan.services.flatMap((service) =>
      settings[service].models.map((id) => assignment(plan, { id, service, dir: modelDir(id) })),
    ),
  }));
}

function assignment(
  plan: WorkerPlan,
  model: { readonly id: string; readonly service: Service; readonly dir: string },
): ModelAssignment {
  const { replicas, threads } = plan;
  return { ...model, replicas: replicas[model.service], threads: threads[model.service] };
}
