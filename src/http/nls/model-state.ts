import type { ModelCard } from '../../models/card.js';
import type { Service } from '../../protocol/requests.js';
import type { ServerStatus } from '../../protocol/status.js';
import type { ModelNames } from '../catalogue-port.js';

/** How a service stands, as NLS health routes tell it; clients look for `healthy`. */
export interface ServiceHealth {
  readonly status: 'healthy' | 'loading' | 'unhealthy';
  readonly message: string;
  /** Whether the default model can work now. */
  readonly isLoaded: boolean;
  /** Ids of the models that can work now. */
  readonly loaded: readonly string[];
  /** Devices that they are loaded on. */
  readonly device: string;
}

const WORK: Readonly<Record<Service, string>> = { asr: 'ASR', tts: 'TTS' };

/** Ids of the models of a service that have a ready replica. */
export function loadedModels({ workers }: ServerStatus, service: Service): ReadonlySet<string> {
  const models = workers.flatMap((worker) => worker.models);
  const ready = models.filter((model) => model.service === service && model.state === 'ready');
  return new Set(ready.filter(({ replicas }) => replicas > 0).map(({ id }) => id));
}

/** How a service stands. */
export function serviceHealth(
  service: Service,
  { status, catalogue }: { readonly status: ServerStatus; readonly catalogue: ModelNames },
): ServiceHealth {
  const loaded = loadedModels(status, service);
  const [first] = catalogue.configured(service);
  const isLoaded = first !== undefined && loaded.has(first.id);
  const state = isLoaded ? 'healthy' : stateWithout(first, status, service);
  const message = `${WORK[service]} service: ${messageFor(state, first)}`;
  return {
    status: state,
    message,
    isLoaded,
    loaded: [...loaded],
    device: devices(status, service),
  };
}

function stateWithout(
  first: ModelCard | undefined,
  { services }: ServerStatus,
  service: Service,
): ServiceHealth['status'] {
  return first !== undefined && !services[service].everReady ? 'loading' : 'unhealthy';
}

function messageFor(state: ServiceHealth['status'], first: ModelCard | undefined): string {
  if (first === undefined) return 'no model is configured.';
  if (state === 'healthy') return 'it works.';
  return state === 'loading' ? `${first.id} is being loaded.` : `${first.id} cannot work now.`;
}

/** `cpu`, or the GPUs. */
function devices({ workers }: ServerStatus, service: Service): string {
  const own = workers.filter(({ services }) => services.includes(service));
  return [...new Set(own.map(({ device }) => device))].join(', ') || 'none';
}
