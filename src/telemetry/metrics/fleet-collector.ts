import type { Service } from '../../protocol/requests.js';
import type { MetricSet } from './metric-set.js';
import type { Collector } from './metrics.js';

/** How the replicas of a model on a worker stand. */
export const REPLICA_STATES = ['loading', 'ready', 'failed', 'down'] as const;

/** A model on a worker. */
export interface ReplicaFigures {
  readonly model: string;
  readonly service: Service;
  readonly replicas: number;
  readonly state: (typeof REPLICA_STATES)[number];
  /** Of the last load. */
  readonly loadMs?: number;
  /** What it computes on, once it is loaded. */
  readonly provider?: string;
  /** Share of its nodes that ran on the worker's GPU, 0–1, where it was measured. */
  readonly deviceShare?: number;
  /** Since the server's start, over all processes of the worker. */
  readonly steps: number;
  readonly stepMs: number;
}

/** A moment at which a worker's GPU was looked at. */
export type VramPhase = 'before_load' | 'after_load' | 'before_unload' | 'after_unload';

/** What the models of a worker take of its GPU. */
export interface VramFigures {
  readonly budgetBytes: number | undefined;
  readonly leftBytes: number | undefined;
  /** Those that have their memory. */
  readonly models: readonly {
    readonly model: string;
    readonly loadBytes: number;
    readonly peakBytes: number;
  }[];
  /** Since the server's start, by model. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** A worker. */
export interface WorkerFigures {
  readonly id: string;
  /** GPU UUID or `cpu`. */
  readonly device: string;
  readonly state: string;
  readonly models: readonly ReplicaFigures[];
  /** Since the server's start, by reason. */
  readonly restarts: ReadonlyMap<string, number>;
  /** Memory in use on its GPU. */
  readonly vramBytes: ReadonlyMap<VramPhase, number>;
  readonly leakSuspicions: ReadonlyMap<string, number>;
  /** Undefined on the CPU. */
  readonly vram?: VramFigures | undefined;
}

/** What a model holds on a worker. */
export interface PlaceFigures {
  readonly workerId: string;
  readonly service: Service;
  readonly model: string;
  readonly leases: number;
}

/** The fleet at one moment. */
export interface FleetFigures {
  /** All states that a worker can be in. */
  readonly workerStates: readonly string[];
  readonly workers: readonly WorkerFigures[];
  /** Those of every child process that lives. */
  readonly residentBytes: ReadonlyMap<string, number>;
  readonly places: readonly PlaceFigures[];
  readonly streams: ReadonlyMap<string, number>;
  readonly queued: readonly {
    readonly service: Service;
    readonly model: string;
    readonly requests: number;
  }[];
  /** Of the configured services. */
  readonly readyReplicas: ReadonlyMap<Service, number>;
}

/** The series of workers, replicas and places; whoever is gone has none. */
export class FleetCollector implements Collector {
  readonly name = 'fleet';
  readonly #figures: () => FleetFigures;

  constructor(figures: () => FleetFigures) {
    this.#figures = figures;
  }

  /** See {@link Collector.collect}. */
  collect(metrics: MetricSet): void {
    clear(metrics);
    const figures = this.#figures();
    for (const worker of figures.workers) {
      collectWorker(metrics, worker, figures.workerStates);
      if (worker.vram) collectVram(metrics, worker.id, worker.vram);
      for (const model of worker.models) collectReplicas(metrics, worker, model);
    }
    collectPlaces(metrics, figures);
    for (const [worker, bytes] of figures.residentBytes) {
      metrics.worker_resident_memory_bytes.set({ worker }, bytes);
    }
  }
}

function clear(metrics: MetricSet): void {
  const { inflight, queued, streams_open, ready_replicas, ...rest } = metrics;
  const places = [inflight, queued, streams_open, ready_replicas];
  const workers = [rest.worker_info, rest.worker_state, rest.worker_resident_memory_bytes];
  const memory = [rest.worker_vram_bytes, rest.worker_leak_suspicions_total];
  const vram = [rest.worker_vram_budget_bytes, rest.worker_vram_left_bytes];
  const models = [rest.model_memory_bytes, rest.model_load_refusals_total];
  const replicas = [rest.replica_state, rest.replica_restarts_total, rest.replica_load_seconds];
  const placed = [rest.replica_provider_info, rest.replica_device_nodes_ratio];
  const steps = [rest.engine_steps_total, rest.engine_step_seconds_total];
  const all = [places, workers, memory, vram, models, replicas, placed, steps].flat();
  for (const metric of all) metric.reset();
}

function collectWorker(
  metrics: MetricSet,
  { id: worker, device, state, vramBytes, leakSuspicions }: WorkerFigures,
  states: readonly string[],
): void {
  metrics.worker_info.set({ worker, device }, 1);
  for (const one of states) {
    metrics.worker_state.set({ worker, state: one }, one === state ? 1 : 0);
  }
  for (const [phase, bytes] of vramBytes) metrics.worker_vram_bytes.set({ worker, phase }, bytes);
  for (const [resource, count] of leakSuspicions) {
    metrics.worker_leak_suspicions_total.inc({ worker, resource }, count);
  }
}

function collectVram(metrics: MetricSet, worker: string, vram: VramFigures): void {
  const { budgetBytes, leftBytes, models, refusals } = vram;
  if (budgetBytes !== undefined) metrics.worker_vram_budget_bytes.set({ worker }, budgetBytes);
  if (leftBytes !== undefined) metrics.worker_vram_left_bytes.set({ worker }, leftBytes);
  for (const { model, loadBytes, peakBytes } of models) {
    metrics.model_memory_bytes.set({ worker, model, kind: 'load' }, loadBytes);
    metrics.model_memory_bytes.set({ worker, model, kind: 'peak' }, peakBytes);
  }
  for (const [model, count] of refusals) {
    metrics.model_load_refusals_total.inc({ worker, model }, count);
  }
}

function collectReplicas(
  metrics: MetricSet,
  { id: worker, restarts }: WorkerFigures,
  figures: ReplicaFigures,
): void {
  const { model, service: task, replicas, state, loadMs, steps, stepMs } = figures;
  const whose = { worker, task, model };
  for (const one of REPLICA_STATES) {
    metrics.replica_state.set({ ...whose, state: one }, one === state ? replicas : 0);
  }
  for (const [reason, count] of restarts) {
    metrics.replica_restarts_total.inc({ ...whose, reason }, count * replicas);
  }
  if (loadMs !== undefined) metrics.replica_load_seconds.set(whose, loadMs / 1000);
  const { provider, deviceShare } = figures;
  if (provider !== undefined) metrics.replica_provider_info.set({ ...whose, provider }, 1);
  if (deviceShare !== undefined) metrics.replica_device_nodes_ratio.set(whose, deviceShare);
  metrics.engine_steps_total.inc(whose, steps);
  metrics.engine_step_seconds_total.inc(whose, stepMs / 1000);
}

function collectPlaces(
  metrics: MetricSet,
  { places, streams, queued, readyReplicas }: FleetFigures,
): void {
  for (const { workerId: worker, service: task, model, leases } of places) {
    // A worker that was replaced may still hold leases in its old process.
    metrics.inflight.inc({ worker, task, model }, leases);
  }
  for (const [worker, open] of streams) metrics.streams_open.set({ worker }, open);
  for (const { service: task, model, requests } of queued) {
    metrics.queued.set({ task, model }, requests);
  }
  for (const [task, replicas] of readyReplicas) metrics.ready_replicas.set({ task }, replicas);
}
