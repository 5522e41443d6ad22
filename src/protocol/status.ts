import type { Placement } from './placement.js';
import type { Precision } from './precision.js';
import type { Service } from './requests.js';

/** How one service stands. */
export interface ServiceStatus {
  /** True if the settings name at least one model for it. */
  readonly configured: boolean;
  /** True once each of its configured models had a ready replica, even if none is ready now. */
  readonly everReady: boolean;
  readonly readyReplicas: number;
}

/** A model on a worker. */
export interface WorkerModelStatus {
  readonly id: string;
  readonly service: Service;
  readonly state: 'ready' | 'init_failed';
  /** Ready replicas. */
  readonly replicas: number;
  /** Execution provider in use, `cpu` or `cuda`; absent unless ready. */
  readonly provider?: string;
  /** Why the provider is not the one asked for, if it is not. */
  readonly degradedReason?: string;
  /** Where its graphs' nodes ran; absent unless ready. */
  readonly placement?: Placement;
  /** The variant in use, where it is known. */
  readonly precision?: Precision;
  /** Why it cannot be used, if it cannot. */
  readonly error?: string;
}

/** One worker process. */
export interface WorkerStatus {
  readonly id: string;
  /** GPU UUID or `cpu`. */
  readonly device: string;
  /** Absent while no process runs. */
  readonly pid?: number;
  /** State of its life cycle, as `docs/worker-states.md` draws it. */
  readonly state: string;
  readonly services: readonly Service[];
  readonly models: readonly WorkerModelStatus[];
  /** How often its process was started again. */
  readonly restarts: number;
  /** What the last failure was; absent if there was none. */
  readonly lastFailure?: { readonly reason: string; readonly atMs: number };
}

/** How a restart of one worker after the other stands. */
export interface ReloadStatus {
  readonly state: 'idle' | 'running' | 'done' | 'failed';
  /** Workers that serve again. */
  readonly done: readonly string[];
  /** Workers whose turn is now or still to come. */
  readonly left: readonly string[];
  /** Why it went no further, if it failed. */
  readonly error?: string;
}

/** A snapshot of the server that health routes are drawn from; cheap to make. */
export interface ServerStatus {
  readonly version: string;
  readonly startedAtMs: number;
  readonly draining: boolean;
  readonly services: Readonly<Record<Service, ServiceStatus>>;
  readonly workers: readonly WorkerStatus[];
  /** The media process. */
  readonly media: Pick<WorkerStatus, 'pid' | 'state' | 'restarts' | 'lastFailure'>;
  /** The process that watches GPUs, if there shall be one; `stopped` where there is no driver. */
  readonly telemetry?: Pick<WorkerStatus, 'pid' | 'state' | 'restarts' | 'lastFailure'>;
  /** Requests that are being worked on, those that wait for a place, and open streams. */
  readonly requests: { readonly leases: number; readonly queued: number; readonly streams: number };
  readonly reload: ReloadStatus;
  readonly warnings: readonly string[];
}
