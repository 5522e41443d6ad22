import type { Service } from '../../protocol/requests.js';
import type { ServerStatus, ServiceStatus } from '../../protocol/status.js';

/** What `/health` calls the server's state; clients of other servers compare it with `healthy`. */
export type HealthState = 'loading' | 'healthy' | 'unhealthy';

const SERVICES: readonly Service[] = ['tts', 'asr'];

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

/** The body of `/health`. */
export function healthBody(status: ServerStatus, nowMs: number): object {
  return {
    status: healthState(status),
    version: status.version,
    uptime_seconds: Math.round((nowMs - status.startedAtMs) / 1000),
    draining: status.draining,
    warnings: status.warnings,
    services: Object.fromEntries(
      SERVICES.map((service) => [
        service,
        {
          configured: status.services[service].configured,
          ready_replicas: status.services[service].readyReplicas,
        },
      ]),
    ),
    workers: status.workers.map((worker) => ({
      id: worker.id,
      device: worker.device,
      services: worker.services,
      ...processBody(worker),
    })),
    media: processBody(status.media),
    models: status.workers.flatMap((worker) =>
      worker.models.map((model) => ({
        id: model.id,
        service: model.service,
        worker: worker.id,
        state: model.state,
        replicas: model.replicas,
        provider: model.provider ?? null,
        degraded_reason: model.degradedReason ?? null,
        error: model.error ?? null,
      })),
    ),
    requests: status.requests,
    reload: status.reload,
  };
}

function processBody({ pid, state, restarts, lastFailure }: ServerStatus['media']): object {
  return {
    pid: pid ?? null,
    state,
    restarts,
    last_failure: lastFailure
      ? { reason: lastFailure.reason, at: new Date(lastFailure.atMs).toISOString() }
      : null,
  };
}
