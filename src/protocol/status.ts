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
  /** Ready replicas. */
  readonly replicas: number;
  /** Execution provider in use: `cpu` or `cuda`. */
  readonly provider: string;
  /** Why the provider is not the one asked for, if it is not. */
  readonly degradedReason?: string;
}

/** One worker process. */
export interface WorkerStatus {
  readonly id: string;
  /** GPU UUID or `cpu`. */
  readonly device: string;
  /** Absent while no process runs. */
  readonly pid?: number;
  /** Life-cycle state, for example `starting`, `ready`, `draining`, `failed`. */
  readonly state: string;
  readonly services: readonly Service[];
  readonly models: readonly WorkerModelStatus[];
}

/** A snapshot of the server that health routes are drawn from; cheap to make. */
export interface ServerStatus {
  readonly version: string;
  readonly startedAtMs: number;
  readonly draining: boolean;
  readonly services: Readonly<Record<Service, ServiceStatus>>;
  readonly workers: readonly WorkerStatus[];
  readonly warnings: readonly string[];
}
