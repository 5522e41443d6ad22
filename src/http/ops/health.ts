import type { ServerStatus } from '../../protocol/status.js';
import type { AppDependencies } from '../dependencies.js';
import { familyFields } from './health-families.js';
import { healthState, SERVICES } from './health-state.js';
import { placementBody } from './placement-body.js';
import { withoutFolders } from './without-folders.js';

/** What the body of `/health` is drawn from. */
export interface HealthSources extends Pick<AppDependencies, 'catalogue' | 'settings' | 'voices'> {
  readonly status: ServerStatus;
  readonly nowMs: number;
}

/** The body of `/health`: the union of what the families' clients look for, and our own fields. */
export function healthBody(sources: HealthSources): object {
  const { status, nowMs, catalogue, settings, voices } = sources;
  const state = healthState(status);
  return {
    status: state,
    ...familyFields({ status, state, catalogue, settings, voices }),
    server_time: new Date(nowMs).toISOString(),
    version: status.version,
    uptime_seconds: Math.round((nowMs - status.startedAtMs) / 1000),
    draining: status.draining,
    warnings: status.warnings.map(withoutFolders),
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
    telemetry: status.telemetry ? processBody(status.telemetry) : null,
    models: status.workers.flatMap((worker) =>
      worker.models.map((model) => ({
        id: model.id,
        service: model.service,
        worker: worker.id,
        state: model.state,
        replicas: model.replicas,
        provider: model.provider ?? null,
        degraded_reason: told(model.degradedReason),
        placement: placementBody(model.placement),
        precision: model.precision ?? null,
        error: told(model.error),
      })),
    ),
    requests: status.requests,
    reload: status.reload,
  };
}

/** A reason as anybody may read it. */
function told(reason: string | undefined): string | null {
  return reason === undefined ? null : withoutFolders(reason);
}

function processBody({ pid, state, restarts, lastFailure }: ServerStatus['media']): object {
  return {
    pid: pid ?? null,
    state,
    restarts,
    last_failure: lastFailure
      ? { reason: withoutFolders(lastFailure.reason), at: new Date(lastFailure.atMs).toISOString() }
      : null,
  };
}
