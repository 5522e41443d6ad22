import type { WorkerPlan } from '../config/devices.js';
import type { Settings } from '../config/settings.js';
import type { ModelAssignment } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { WorkerSpec } from '../supervisor/worker-slot.js';
import type { VariantOf } from './variants.js';

/** Where models are, which of their variants is for a device, and what its workers get beside them. */
export interface ModelPlaces {
  readonly modelDir: (id: string) => string;
  /** If left out, models are run as they are. */
  readonly variantOf?: VariantOf;
  /** Additions to the environment of workers on GPUs. */
  readonly gpuEnvironment?: Readonly<Record<string, string>>;
}

/** Turns device plans into what the supervisor starts: each worker with the models of its services. */
export function workerSpecs(
  plans: readonly WorkerPlan[],
  settings: Settings,
  { modelDir, variantOf, gpuEnvironment = {} }: ModelPlaces,
): WorkerSpec[] {
  return plans.map((plan) => ({
    id: plan.id,
    device: plan.device,
    ...(plan.device.kind === 'gpu' && { environment: gpuEnvironment }),
    models: plan.services.flatMap((service) =>
      settings[service].models.map((id) => ({
        ...assignment(plan, { id, service, dir: modelDir(id) }),
        ...variantOf?.({ id, device: plan.device }),
      })),
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
