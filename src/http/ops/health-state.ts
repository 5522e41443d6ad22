import type { Service } from '../../protocol/requests.js';
import type { ServerStatus, ServiceStatus } from '../../protocol/status.js';

/** What `/health` calls the server's state; clients of other servers compare it with `healthy`. */
export type HealthState = 'loading' | 'healthy' | 'unhealthy';

/** In the order in which health routes tell of them. */
export const SERVICES: readonly Service[] = ['tts', 'asr'];

function configured(status: ServerStatus): ServiceStatus[] {
  return SERVICES.map((service) => status.services[service]).filter((one) => one.configured);
}

/** True when every configured service has a ready replica and new work is welcome. */
export function isReady(status: ServerStatus): boolean {
  return !status.draining && configured(status).every((service) => service.readyReplicas > 0);
}

/** `loading` until each service was ready once; from then on a service without a replica is ill. */
export function healthState(status: ServerStatus): HealthState {
  const services = configured(status);
  if (services.some((service) => !service.everReady)) return 'loading';
  return services.every((service) => service.readyReplicas > 0) ? 'healthy' : 'unhealthy';
}
