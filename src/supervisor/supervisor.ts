import type { Service } from '../protocol/requests.js';
import type { ServerStatus } from '../protocol/status.js';
import { LeaseRouter } from './lease-router.js';
import { MediaSlot } from './media-slot.js';
import type { SlotLog } from './slot.js';
import { createSocketFolder, removeSocketFolder } from './socket-folder.js';
import { describeWarnings, describeWorker, readyReplicas } from './status.js';
import { WorkerSlot, type WorkerSpec } from './worker-slot.js';

/** Loading the largest models from a slow disk takes minutes; longer than this is a hang. */
const WORKER_READY_TIMEOUT_MS = 10 * 60_000;
const MEDIA_READY_TIMEOUT_MS = 30_000;
/** After the leases have ended a child has nothing left to finish but its threads. */
const STOP_GRACE_MS = 5_000;

/** How to run a fleet. */
export interface SupervisorOptions {
  readonly workers: readonly WorkerSpec[];
  /** Compiled module that workers run. */
  readonly workerEntry: URL;
  /** Compiled module that the media process runs. */
  readonly mediaEntry: URL;
  readonly mediaThreads: { readonly decode: number; readonly encode: number };
  readonly environment: (additions: Readonly<Record<string, string>>) => NodeJS.ProcessEnv;
  readonly log: SlotLog;
  readonly requireGpu: boolean;
  readonly capacity: Readonly<Record<Service, number>>;
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

/** Owns every child process and the router that leads to them. */
export class Supervisor {
  readonly router: LeaseRouter;
  readonly media: MediaSlot;
  readonly #options: SupervisorOptions;
  readonly #socketDir: string;
  readonly #workers: readonly WorkerSlot[];
  readonly #startedAtMs = Date.now();
  readonly #everReady: Record<Service, boolean> = { tts: false, asr: false };
  #draining = false;

  /** Makes a supervisor with its socket folder; nothing runs before `start()`. */
  static async create(options: SupervisorOptions): Promise<Supervisor> {
    return new Supervisor(options, await createSocketFolder());
  }

  private constructor(options: SupervisorOptions, socketDir: string) {
    const { environment, log, mediaThreads } = options;
    this.#options = options;
    this.#socketDir = socketDir;
    this.router = new LeaseRouter(options);
    this.media = new MediaSlot({
      entry: options.mediaEntry,
      environment: environment({ CUDA_VISIBLE_DEVICES: '' }),
      socketDir,
      readyTimeoutMs: MEDIA_READY_TIMEOUT_MS,
      log,
      decodeThreads: mediaThreads.decode,
      encodeThreads: mediaThreads.encode,
    });
    this.#workers = options.workers.map((spec) => this.#workerSlot(spec));
  }

  /** Starts all children; resolves when every one of them has become ready or failed once. */
  async start(): Promise<void> {
    const slots = [this.media.slot, ...this.#workers.map((worker) => worker.slot)];
    await Promise.all(slots.map((slot) => slot.start()));
  }

  /** What `/health` and `/ready` are made of. */
  status(): Omit<ServerStatus, 'version'> {
    const service = (name: Service): ServerStatus['services'][Service] => ({
      configured: this.#options.workers.some((spec) => hosts(spec, name)),
      everReady: this.#everReady[name],
      readyReplicas: readyReplicas(this.#workers, name),
    });
    return {
      startedAtMs: this.#startedAtMs,
      draining: this.#draining,
      services: { tts: service('tts'), asr: service('asr') },
      workers: this.#workers.map(describeWorker),
      warnings: describeWarnings(this.#workers),
    };
  }

  /** Takes nothing new, lets leases end within the drain time, then ends all children. Idempotent. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.router.drain();
    await this.router.idle(this.#options.drainTimeoutMs);
    await Promise.all(this.#workers.map((worker) => worker.slot.stop(STOP_GRACE_MS)));
    await this.media.slot.stop(STOP_GRACE_MS);
    await removeSocketFolder(this.#socketDir);
  }

  #workerSlot(spec: WorkerSpec): WorkerSlot {
    return new WorkerSlot(spec, {
      ...this.#options,
      router: this.router,
      entry: this.#options.workerEntry,
      socketDir: this.#socketDir,
      readyTimeoutMs: WORKER_READY_TIMEOUT_MS,
      onChange: () => this.#noteReadiness(),
    });
  }

  #noteReadiness(): void {
    for (const service of ['tts', 'asr'] as const) {
      if (readyReplicas(this.#workers, service) > 0) this.#everReady[service] = true;
    }
  }
}

function hosts(spec: WorkerSpec, service: Service): boolean {
  return spec.models.some((model) => model.service === service);
}
