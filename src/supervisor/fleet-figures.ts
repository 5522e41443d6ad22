import { deviceIdOf, type ModelAssignment } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import type { Occupancy, PlaceOccupancy } from '../routing/occupancy.js';
import type {
  FleetFigures,
  ReplicaFigures,
  VramPhase,
  WorkerFigures,
} from '../telemetry/metrics/fleet-collector.js';
import type { VramModel } from './vram/life.js';
import { EDGES } from './life-cycle.js';
import { RESTART_REASONS } from './slot-history.js';
import { readyReplicas } from './status.js';
import type { WorkerMemory } from './worker-memory.js';
import type { ReadyReport, WorkerSlot } from './worker-slot.js';

/** What the figures are made of. */
export interface FigureSources {
  readonly workers: readonly WorkerSlot[];
  readonly occupancy: Occupancy;
  readonly memory: readonly WorkerMemory[];
  /** Memory of the processes that are no workers; undefined while one does not live. */
  readonly ownBytes: Readonly<Record<string, number | undefined>>;
}

/** Counts the fleet for `/metrics`. */
export function fleetFigures(sources: FigureSources): FleetFigures {
  const { workers, occupancy, memory } = sources;
  const services = new Set(
    workers.flatMap(({ spec }) => spec.models.map(({ service }) => service)),
  );
  return {
    workerStates: Object.keys(EDGES),
    workers: workers.map((worker) => workerFigures(worker, memory)),
    residentBytes: residentBytes(sources),
    places: occupancy.places,
    streams: streamsOf(occupancy.places),
    queued: occupancy.waiting,
    readyReplicas: new Map(
      [...services].map((service): [Service, number] => [service, readyReplicas(workers, service)]),
    ),
  };
}

function workerFigures(worker: WorkerSlot, memory: readonly WorkerMemory[]): WorkerFigures {
  const { spec, slot } = worker;
  const own = memory.find(({ workerId }) => workerId === spec.id);
  return {
    id: spec.id,
    device: deviceIdOf(spec.device),
    state: slot.state,
    models: spec.models.map((model) => replicaFigures(worker, model)),
    restarts: new Map(
      RESTART_REASONS.map((reason) => [reason, slot.history.restarts.get(reason) ?? 0]),
    ),
    vramBytes: own ? vramPhases(own) : new Map(),
    vram: own?.vram && { ...own.vram, models: own.vram.models.filter(isPlaced) },
    leakSuspicions: new Map(Object.entries(own?.leakSuspicions ?? {})),
  };
}

function replicaFigures(
  worker: WorkerSlot,
  { id: model, service, replicas }: ModelAssignment,
): ReplicaFigures {
  const report = worker.reports.get(model);
  const loaded = report?.state === 'ready' ? loadedFigures(report) : {};
  const state = replicaState(worker, model);
  return { model, service, replicas, state, ...loaded, ...worker.work.of(model) };
}

function loadedFigures({
  loadMs,
  provider,
  placement,
}: ReadyReport): Pick<ReplicaFigures, 'loadMs' | 'provider' | 'deviceShare'> {
  const { deviceShare } = placement ?? {};
  return { loadMs, provider, ...(deviceShare !== undefined && { deviceShare }) };
}

function replicaState({ slot, reports }: WorkerSlot, model: string): ReplicaFigures['state'] {
  const report = reports.get(model);
  if (report?.state === 'failed') return 'failed';
  if (slot.state === 'starting' || slot.state === 'loading') return 'loading';
  return slot.state === 'ready' && report !== undefined ? 'ready' : 'down';
}

function isPlaced({ state }: VramModel): boolean {
  return state === 'placed';
}

function vramPhases(memory: WorkerMemory): ReadonlyMap<VramPhase, number> {
  return known<VramPhase>([
    ['before_load', memory.vramBeforeLoadBytes],
    ['after_load', memory.vramAfterLoadBytes],
    ['before_unload', memory.vramBeforeUnloadBytes],
    ['after_unload', memory.vramAfterUnloadBytes],
  ]);
}

function residentBytes({ memory, ownBytes }: FigureSources): ReadonlyMap<string, number> {
  const workers = memory.map(({ workerId, rssBytes }) => [workerId, rssBytes] as const);
  return known([...workers, ...Object.entries(ownBytes)]);
}

function streamsOf(places: readonly PlaceOccupancy[]): ReadonlyMap<string, number> {
  const streams = new Map<string, number>();
  for (const place of places) {
    streams.set(place.workerId, (streams.get(place.workerId) ?? 0) + place.streams);
  }
  return streams;
}

function known<Name extends string>(
  values: readonly (readonly [Name, number | undefined])[],
): ReadonlyMap<Name, number> {
  return new Map(values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
