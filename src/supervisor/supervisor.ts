import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import type { ReloadStatus, ServerStatus } from '../protocol/status.js';
import { LeaseRouter } from '../routing/lease-router.js';
import type { FleetFigures } from '../telemetry/metrics/fleet-collector.js';
import { type DataFolder, openDataFolder } from './data-folder.js';
import { respondTo } from './fault-response.js';
import { fleetFigures } from './fleet-figures.js';
import { FleetRouter } from './fleet-router.js';
import { FleetTelemetry } from './fleet-telemetry.js';
import { LeakRecycler } from './leak-recycler.js';
import { MediaSlot } from './media-slot.js';
import { parentDeathLauncher } from './parent-death.js';
import { RollingRestart } from './rolling-restart.js';
import { COOKIE_VARIABLE, RunRecord } from './run-record.js';
import type { RestartReason } from './slot-history.js';
import type { SlotSurroundings } from './slot-options.js';
import { createSocketFolder, removeSocketFolder } from './socket-folder.js';
import { describeSlot, describeWarnings, describeWorker, readyReplicas } from './status.js';
import type { SupervisorOptions } from './supervisor-options.js';
import type { WorkerClient } from './worker-client.js';
import { WorkerSlot, type WorkerSpec } from './worker-slot.js';

export type { SupervisorOptions } from './supervisor-options.js';

/** Loading the largest models from a slow disk takes minutes; longer than this is a hang. */
const WORKER_READY_TIMEOUT_MS = 10 * 60_000;
const MEDIA_READY_TIMEOUT_MS = 30_000;
/** After the leases have ended a child has nothing left to finish but its threads. */
const STOP_GRACE_MS = 5_000;
const MEDIA_STOP_GRACE_MS = 2_000;

/** Owns every child process and the router that leads to them. */
export class Supervisor {
  /** Hands out leases, but not for inputs that workers have died of. */
  readonly router: FleetRouter;
  readonly media: MediaSlot;
  /** What is known of GPUs and of the workers' memory. */
  readonly telemetry: FleetTelemetry;
  readonly workers: readonly WorkerSlot[];
  readonly #options: SupervisorOptions;
  readonly #parts: Parts;
  readonly #leases: LeaseRouter<WorkerClient>;
  readonly #rolling: RollingRestart;
  readonly #recycler: LeakRecycler<WorkerSlot>;
  readonly #startedAtMs = Date.now();
  readonly #everReady: Record<Service, boolean> = { tts: false, asr: false };
  #unsubscribe: (() => void) | undefined;

  /**
   * Takes the data folder, ends what an earlier server may have left, and makes a supervisor;
   * nothing runs before `start()`.
   * @throws DataFolderInUse if another living server works with the data folder.
   */
  static async create(options: SupervisorOptions): Promise<Supervisor> {
    const folder = await openDataFolder(options.dataDir);
    const socketDir = await createSocketFolder();
    const launcher = await parentDeathLauncher(options.environment({}));
    const { pids } = folder.swept;
    if (pids.length > 0) options.log.warn({ pids }, 'ended processes that an earlier server left');
    if (launcher.length === 0) {
      options.log.warn({}, 'no setpriv: see `chorus doctor` for what that means');
    }
    return new Supervisor(options, {
      folder,
      socketDir,
      launcher,
      record: new RunRecord(folder.recordPath, socketDir),
    });
  }

  private constructor(options: SupervisorOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#leases = new LeaseRouter(options);
    this.router = new FleetRouter(this.#leases);
    this.media = this.#mediaSlot();
    this.telemetry = this.#fleetTelemetry();
    this.workers = options.workers.map((spec) => this.#workerSlot(spec));
    this.#rolling = new RollingRestart({
      workers: this.workers,
      restart: async (worker) => {
        await this.#recycler.idle();
        await this.#restart(worker, 'reload');
      },
    });
    this.#recycler = new LeakRecycler({
      workers: this.workers,
      isRolling: () => this.#rolling.status.state === 'running',
      restart: (worker) => this.#restart(worker, 'leak'),
      log: options.log,
    });
  }

  /** Starts all children; resolves when every one of them has become ready or failed once. */
  async start(): Promise<void> {
    const slots = [this.media.slot, ...this.workers.map((worker) => worker.slot)];
    const started = slots.map((slot) => slot.start());
    // After the starts: a source may tell at once of a GPU that is out of service already.
    const { deviceFaults = this.telemetry.faults } = this.#options;
    this.#unsubscribe = deviceFaults.subscribe((fault) => respondTo(fault, this.workers));
    this.telemetry.start(this.workers);
    await Promise.all(started);
  }

  /** What `/health` and `/ready` are made of. */
  status(): Omit<ServerStatus, 'version' | 'draining'> {
    const service = (name: Service): ServerStatus['services'][Service] => ({
      configured: this.#options.workers.some((spec) => hosts(spec, name)),
      everReady: this.#everReady[name],
      readyReplicas: readyReplicas(this.workers, name),
    });
    const { leases, queued, streams } = this.#leases;
    return {
      startedAtMs: this.#startedAtMs,
      services: { tts: service('tts'), asr: service('asr') },
      workers: this.workers.map(describeWorker),
      media: describeSlot(this.media.slot),
      ...(this.telemetry.process && { telemetry: describeSlot(this.telemetry.process.slot) }),
      requests: { leases, queued, streams },
      reload: this.#rolling.status,
      warnings: [...describeWarnings(this.workers, this.media.slot), ...this.telemetry.warnings()],
    };
  }

  /** What `/metrics` says of the fleet. */
  figures(): FleetFigures {
    const { media, telemetry, workers } = this;
    const ownBytes = { media: media.rssBytes, telemetry: telemetry.process?.rssBytes };
    const memory = telemetry.memory(workers);
    return fleetFigures({ workers, occupancy: this.#leases.occupancy, memory, ownBytes });
  }

  /**
   * Replaces one worker's process when its running work has ended, and lifts its quarantine.
   * Resolves when the new process is ready or has failed.
   * @throws ChorusError `worker_not_found`, at once and not by the promise.
   */
  restartWorker(id: string): Promise<void> {
    const worker = this.workers.find(({ spec }) => spec.id === id);
    if (!worker) throw unknownWorker(id, this.workers);
    return this.#restart(worker, 'operator');
  }

  /** Begins to replace all workers one after the other; see {@link RollingRestart}. */
  reload(): ReloadStatus {
    return this.#rolling.start();
  }

  /**
   * Takes nothing new, lets leases end, then ends all children. Idempotent.
   * @param drainTimeoutMs How long leases may take.
   */
  async stop(drainTimeoutMs = this.#options.drainTimeoutMs): Promise<void> {
    this.#unsubscribe?.();
    this.#rolling.stop();
    this.#recycler.stop();
    this.#leases.drain();
    await this.#leases.idle(drainTimeoutMs);
    // What has had its time is not waited for again.
    const graceMs = this.#leases.leases > 0 ? 0 : STOP_GRACE_MS;
    await Promise.all(this.workers.map((worker) => worker.slot.stop(graceMs)));
    await Promise.all([this.media.slot.stop(MEDIA_STOP_GRACE_MS), this.telemetry.stop()]);
    await this.#parts.record.close();
    await removeSocketFolder(this.#parts.socketDir);
    await this.#parts.folder.release();
  }

  #restart(worker: WorkerSlot, reason: RestartReason): Promise<void> {
    const { drainTimeoutMs } = this.#options;
    return worker.slot.restart({
      reason,
      finish: () => this.#leases.idle(drainTimeoutMs, worker.client),
      graceMs: STOP_GRACE_MS,
    });
  }

  #surroundings(): SlotSurroundings {
    const { log, stepTimeoutMs } = this.#options;
    const { socketDir, launcher, record } = this.#parts;
    return { log, stepTimeoutMs, socketDir, launcher, record };
  }

  #environment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const { cookie } = this.#parts.record;
    return this.#options.environment({ ...additions, [COOKIE_VARIABLE]: cookie });
  }

  #fleetTelemetry(): FleetTelemetry {
    return new FleetTelemetry({
      ...this.#options,
      ...this.#surroundings(),
      environment: this.#environment({}),
      onLeak: (workerId) => {
        if (this.#options.leakRecycle === true) this.#recycler.offer(workerId);
      },
    });
  }

  #mediaSlot(): MediaSlot {
    const { mediaEntry, mediaThreads } = this.#options;
    return new MediaSlot({
      ...this.#surroundings(),
      entry: mediaEntry,
      environment: this.#environment({ CUDA_VISIBLE_DEVICES: '' }),
      readyTimeoutMs: MEDIA_READY_TIMEOUT_MS,
      decodeThreads: mediaThreads.decode,
      encodeThreads: mediaThreads.encode,
    });
  }

  #workerSlot(spec: WorkerSpec): WorkerSlot {
    const { requireGpu, capacity, workerEntry } = this.#options;
    return new WorkerSlot(spec, {
      ...this.#surroundings(),
      requireGpu,
      capacity,
      router: this.#leases,
      memory: this.telemetry.tracker(spec.id),
      entry: workerEntry,
      environment: (additions) => this.#environment(additions),
      readyTimeoutMs: WORKER_READY_TIMEOUT_MS,
      onChange: () => this.#noteReadiness(),
    });
  }

  #noteReadiness(): void {
    for (const service of ['tts', 'asr'] as const) {
      if (readyReplicas(this.workers, service) > 0) this.#everReady[service] = true;
    }
  }
}

/** What a supervisor holds from `create` to `stop`. */
interface Parts {
  readonly folder: DataFolder;
  readonly socketDir: string;
  readonly launcher: readonly string[];
  readonly record: RunRecord;
}

function unknownWorker(id: string, workers: readonly WorkerSlot[]): ChorusError {
  const known = workers.map(({ spec }) => spec.id).join(', ');
  const shown = id.length > 64 ? `${id.slice(0, 64)}…` : id;
  return new ChorusError('worker_not_found', `There is no worker ${shown}; there are: ${known}.`);
}

function hosts(spec: WorkerSpec, service: Service): boolean {
  return spec.models.some((model) => model.service === service);
}
