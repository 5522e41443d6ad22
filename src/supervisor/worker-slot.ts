import {
  deviceIdOf,
  type Device,
  type FromChild,
  type Heartbeat,
  type MeasureQuestion,
  type ModelAssignment,
  type ModelReport,
} from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import { operatorWords } from '../protocol/placement.js';
import type { LeaseRouter } from '../routing/lease-router.js';
import { BrokenCalls } from './broken-calls.js';
import type { Incarnation } from './incarnation.js';
import { placementWarning } from './placement-warnings.js';
import { Slot } from './slot.js';
import type { SlotOptions, SlotSurroundings } from './slot-options.js';
import { BROKEN_SOCKET, EXIT_GRACE_MS } from './transport-error.js';
import { createWorkerClient, type WorkerClient } from './worker-client.js';
import { WorkCounts } from './work-counts.js';
import type { WorkerMemoryTracker } from './worker-memory.js';

/** A worker to be: a device and the models that it shall serve. */
export interface WorkerSpec {
  readonly id: string;
  readonly device: Device;
  readonly models: readonly ModelAssignment[];
  /** What its process needs in its environment besides, such as where libraries lie. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A model that its worker serves. */
export type ReadyReport = Extract<ModelReport, { readonly state: 'ready' }>;

/** What a worker's slot needs beside the spec. */
export interface WorkerSlotOptions
  extends SlotSurroundings, Pick<SlotOptions, 'entry' | 'readyTimeoutMs'> {
  readonly router: LeaseRouter<WorkerClient>;
  /** Keeps account of its memory. */
  readonly memory: WorkerMemoryTracker;
  readonly requireGpu: boolean;
  /** Leases per (worker, model). */
  readonly capacity: Readonly<Record<Service, number>>;
  /** The environment of a child with additions. */
  readonly environment: (additions: Readonly<Record<string, string>>) => NodeJS.ProcessEnv;
  /** Told after each change of the worker's state. */
  readonly onChange: () => void;
}

interface Serving {
  readonly incarnation: Incarnation;
  readonly client: WorkerClient;
  readonly brokenCalls: BrokenCalls;
}

/** One device's worker: keeps its process alive and its models in the router's rotation. */
export class WorkerSlot {
  readonly spec: WorkerSpec;
  readonly slot: Slot;
  /** What each model's load came to, by model id; empty while the process starts. */
  readonly reports = new Map<string, ModelReport>();
  /** What it has computed so far. */
  readonly work = new WorkCounts();
  readonly #options: WorkerSlotOptions;
  /** The process that serves now, and the way to it. */
  #serving: Serving | undefined;

  constructor(spec: WorkerSpec, options: WorkerSlotOptions) {
    this.spec = spec;
    this.#options = options;
    this.slot = new Slot({
      ...options,
      name: spec.id,
      logFields: logFields(spec),
      // One device out of service leaves the others; what it costs is known and can be undone.
      restartPolicy: { quarantines: true },
      environment: options.environment({ ...spec.environment, ...deviceVariables(spec.device) }),
      init: (paths) => ({
        ...paths,
        role: 'worker',
        supervisorPid: process.pid,
        workerId: spec.id,
        device: spec.device,
        requireGpu: options.requireGpu,
        models: spec.models,
      }),
      onStarting: () => this.#starting(),
      onMessage: (message, from) => this.#receive(message, from),
      onUp: (incarnation) => this.#up(incarnation),
      onDown: () => this.#down(),
      onEnded: (incarnation) => this.#ended(incarnation),
      onGivenUp: () => this.#giveUp(spec.models),
    });
  }

  /** Models that take requests now. */
  get readyModels(): readonly ReadyReport[] {
    if (this.slot.state !== 'ready') return [];
    return [...this.reports.values()].filter((report) => report.state === 'ready');
  }

  /** The way to the process that serves; undefined while none does. */
  get client(): WorkerClient | undefined {
    return this.#serving?.client;
  }

  /** The account of its memory. */
  get memory(): WorkerMemoryTracker {
    return this.#options.memory;
  }

  #starting(): void {
    this.memory.starting();
    // Whoever still learns of the last one's end must not blame the one that loads now.
    this.#serving = undefined;
    this.reports.clear();
    this.#expectAll();
  }

  #expectAll(): void {
    for (const { id, service } of this.spec.models) {
      this.#options.router.expect(this.spec.id, id, service);
    }
  }

  #receive(message: FromChild, from: Incarnation): void {
    if (message.type === 'heartbeat') this.#beat(message.heartbeat);
    else if (message.type === 'model') this.#reported(message.report);
    else if (message.type === 'device_lost') this.#deviceLost(ChorusError.fromWire(message.error));
    else if (message.type === 'call_ended') this.#serving?.brokenCalls.ended(message.call);
    else if (message.type === 'measure') void this.#measure(message, from);
  }

  /** A worker that was asked nothing of is answered too: it waits. */
  async #measure({ model, phase }: MeasureQuestion, { child }: Incarnation): Promise<void> {
    const question = { model, phase };
    const answer = await this.memory.vram?.answer(question, child.pid);
    child.send({ type: 'measured', ...(answer ?? { ...question, continues: false }) });
  }

  #beat(heartbeat: Heartbeat): void {
    this.memory.beat(heartbeat);
    this.work.add(heartbeat.work);
  }

  #reported(told: ModelReport): void {
    const report = this.memory.vram?.reported(told) ?? told;
    this.reports.set(report.id, report);
    const { log } = this.#options;
    const fields = { ...logFields(this.spec), model: report.id };
    if (report.state === 'failed') {
      log.error({ ...fields, reason: report.error.message }, 'a model cannot load');
      this.#giveUp(this.spec.models.filter((model) => model.id === report.id));
      return;
    }
    const { replicas, provider, loadMs, placement } = report;
    const placed = placement && {
      deviceShare: placement.deviceShare,
      nodes: placement.nodes,
      cpuOperators: operatorWords(placement.cpuOperators),
    };
    log.info({ ...fields, replicas, provider, loadMs, ...placed }, 'a model is loaded');
    const warning = placementWarning(report, this.spec.device);
    if (warning === undefined) return;
    const what = provider === 'cpu' ? 'a model runs' : 'some of a model runs';
    log.warn({ ...fields, reason: warning }, `${what} on the CPU, not on its GPU`);
  }

  #up(incarnation: Incarnation): void {
    this.memory.ready(incarnation.child.pid);
    // One that was thought to hang and comes back still holds its leases: the same client says so.
    if (this.#serving?.incarnation !== incarnation) {
      this.#serving = this.#serve(incarnation);
    }
    const { client } = this.#serving;
    for (const { state, id, service } of this.reports.values()) {
      if (state !== 'ready') {
        // One that was thought to hang was expected back with all its models.
        this.#options.router.giveUp(this.spec.id, id);
        continue;
      }
      const capacity = this.#options.capacity[service];
      const { id: workerId } = this.spec;
      this.#options.router.add({ workerId, service, model: id, capacity, target: client });
    }
  }

  #serve(incarnation: Incarnation): Serving {
    const { name, pool, runningAtDeath, child } = incarnation;
    const brokenCalls = new BrokenCalls((call) => child.send({ type: 'broken_off', call }));
    const onLost = (error: ChorusError): void => this.#lost(incarnation, error);
    const client = createWorkerClient({ name, pool, runningAtDeath, brokenCalls, onLost });
    return { incarnation, client, brokenCalls };
  }

  /** A process whose socket breaks is dead or beyond trust; either way a fresh one takes its place. */
  #lost(incarnation: Incarnation, error: ChorusError): void {
    // A slow reader may find out late: then another process serves already.
    if (this.#serving?.incarnation !== incarnation) return;
    if (error.code === 'device_lost') this.#deviceLost(error);
    else {
      this.slot.condemn({ cause: 'crashed', reason: BROKEN_SOCKET, graceMs: EXIT_GRACE_MS });
    }
  }

  #deviceLost(error: ChorusError): void {
    // What it owes it answers itself, and at once: it computes nothing any more.
    this.slot.condemn({ cause: 'device_lost', reason: error.message, graceMs: EXIT_GRACE_MS });
  }

  #down(): void {
    this.memory.leaving();
    this.#options.router.remove(this.spec.id);
    // It will be back in a moment: what waits for its models may wait on.
    this.#expectAll();
  }

  #ended(incarnation: Incarnation): void {
    this.memory.ended();
    if (this.#serving?.incarnation !== incarnation) return;
    this.#serving.brokenCalls.allEnded();
    this.#options.router.lose(this.#serving.client);
  }

  #giveUp(models: readonly ModelAssignment[]): void {
    for (const model of models) this.#options.router.giveUp(this.spec.id, model.id);
  }
}

function logFields({ id, device }: WorkerSpec): {
  readonly worker: string;
  readonly device: string;
} {
  return { worker: id, device: deviceIdOf(device) };
}

/** A worker sees its own device and no other; a CPU worker sees no GPU. */
function deviceVariables(device: Device): Record<string, string> {
  return { CUDA_VISIBLE_DEVICES: device.kind === 'gpu' ? device.uuid : '' };
}
