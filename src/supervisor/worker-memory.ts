import { type Device, deviceIdOf, type Heartbeat } from '../protocol/control.js';
import type { GpuSnapshot } from '../protocol/gpus.js';
import { describeLeak, type LeakResource, LeakWatch, type LeakSettings } from './leak-watch.js';
import { type SlotLog, withFields } from './life-cycle.js';
import { processBytesOn } from './snapshot-memory.js';
import type { VramAccount, WorkerVram } from './vram/worker-vram.js';
import { VramPhases } from './vram-phases.js';

/** Memory of a worker; what is unknown is undefined, and a CPU worker has no VRAM. */
export interface WorkerMemory {
  readonly workerId: string;
  /** GPU UUID or `cpu`. */
  readonly device: string;
  /** Undefined while no process lives. */
  readonly pid: number | undefined;
  readonly rssBytes: number | undefined;
  /** What its process has of the GPU. */
  readonly vramBytes: number | undefined;
  /** In use on its GPU by all others, when its process began. */
  readonly vramBeforeLoadBytes: number | undefined;
  /** In use on its GPU when its models were loaded. */
  readonly vramAfterLoadBytes: number | undefined;
  /** In use on its GPU just before its last process ended … */
  readonly vramBeforeUnloadBytes: number | undefined;
  /** … and when it had. */
  readonly vramAfterUnloadBytes: number | undefined;
  /** What its models take of its GPU, and may take; undefined on the CPU. */
  readonly vram: VramAccount | undefined;
  /** How often each kind of memory was suspected to leak. */
  readonly leakSuspicions: Readonly<Record<LeakResource, number>>;
}

/** Whose memory is kept account of. */
export interface WorkerMemoryOptions extends LeakSettings {
  readonly workerId: string;
  readonly device: Device;
  readonly log: SlotLog;
  /** The newest snapshot that is good. */
  readonly snapshot: () => GpuSnapshot | undefined;
  /** The account of its models' memory; undefined on the CPU. */
  readonly vram?: WorkerVram | undefined;
  /** Told at each idle point at which it is suspected to leak. */
  readonly onLeak: () => void;
}

/** Keeps account of a worker's memory, from process to process. */
export class WorkerMemoryTracker {
  readonly #options: WorkerMemoryOptions;
  readonly #device: string;
  readonly #phases: VramPhases | undefined;
  readonly #leaks: LeakWatch;
  #pid: number | undefined;
  #rssBytes: number | undefined;
  #startedAt: number | undefined;

  constructor(options: WorkerMemoryOptions) {
    const { device, workerId } = options;
    this.#options = options;
    this.#device = deviceIdOf(device);
    const log = withFields(options.log, () => ({ worker: workerId, device: this.#device }));
    this.#phases = device.kind === 'gpu' ? new VramPhases({ uuid: device.uuid, log }) : undefined;
    this.#leaks = new LeakWatch({ ...options, log });
  }

  /** The account of its models' memory of the GPU; undefined on the CPU. */
  get vram(): WorkerVram | undefined {
    return this.#options.vram;
  }

  /** When its process was started, by the monotonic clock; undefined while there is none. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** A process is about to be started. */
  starting(): void {
    this.#startedAt = performance.now();
    this.#phases?.starting();
    this.vram?.starting();
  }

  /** The process has loaded its models, or serves again after all. */
  ready(pid: number | undefined): void {
    this.#phases?.ready();
    if (this.#pid === pid) return;
    this.#pid = pid;
    this.#leaks.begin();
  }

  /** The process has told what it does; its last words may come after the news of its end. */
  beat(heartbeat: Heartbeat): void {
    if (this.#startedAt === undefined) return;
    this.#rssBytes = heartbeat.rssBytes;
    this.#leaks.beat(heartbeat, { rss: heartbeat.rssBytes, vram: this.#vramBytes() });
  }

  /** The process serves no more. */
  leaving(): void {
    this.#phases?.leaving();
  }

  /** The process is dead. */
  ended(): void {
    this.#pid = undefined;
    this.#rssBytes = undefined;
    this.#startedAt = undefined;
    this.#phases?.ended();
    this.vram?.ended();
    this.#leaks.end();
  }

  /** The GPUs were looked at; `pid` is that of the process that lives now, if one does. */
  look(snapshot: GpuSnapshot, pid: number | undefined): void {
    this.#phases?.look(snapshot, pid);
  }

  /** Its memory now. */
  describe(pid: number | undefined): WorkerMemory {
    return {
      workerId: this.#options.workerId,
      device: this.#device,
      pid,
      rssBytes: this.#rssBytes,
      vramBytes: this.#vramBytes(pid),
      vramBeforeLoadBytes: this.#phases?.beforeLoadBytes,
      vramAfterLoadBytes: this.#phases?.afterLoadBytes,
      vramBeforeUnloadBytes: this.#phases?.beforeUnloadBytes,
      vramAfterUnloadBytes: this.#phases?.afterUnloadBytes,
      vram: this.vram?.describe(),
      leakSuspicions: { ...this.#leaks.suspicions },
    };
  }

  /** Suspicions that stand, and a budget that is not kept to, in words. */
  warnings(): string[] {
    const { workerId } = this.#options;
    const leaks = [...this.#leaks.standing].map(
      ([resource, growth]) => `${workerId} ${describeLeak(resource, growth)}`,
    );
    return [...(this.vram?.warnings() ?? []), ...leaks];
  }

  #vramBytes(pid = this.#pid): number | undefined {
    const { device, snapshot } = this.#options;
    if (device.kind !== 'gpu' || pid === undefined) return undefined;
    const newest = snapshot();
    return newest && processBytesOn(newest, device.uuid, pid);
  }
}
