import type { GpuReading, GpuReport, GpuSnapshot, XidEvent } from '../../protocol/gpus.js';
import { NvmlCalls } from './calls.js';
import { CODE, isLostGpu, isMuteGpu, NvmlError } from './codes.js';
import type { Gpu } from './gpu.js';
import type { NvmlLibrary } from './library.js';
import { LostGpus } from './lost-gpus.js';
import { RetryPause } from './retry-pause.js';
import { Session } from './session.js';
import { SlowTier } from './slow-tier.js';

/** How a {@link Collector} goes about it; everything has a value of its own. */
export interface CollectorOptions {
  /** How often a GPU's dear values are read. */
  readonly slowIntervalMs?: number;
  /** How long those may hold up one snapshot; at least one GPU's are read. */
  readonly slowBudgetMs?: number;
  /** How often the library is begun anew only because a GPU is lost. */
  readonly lostIntervalMs?: number;
  /** The longest pause between two tries if the library fails again and again. */
  readonly longestPauseMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

const DEFAULTS = {
  slowIntervalMs: 10_000,
  slowBudgetMs: 20,
  lostIntervalMs: 30_000,
  longestPauseMs: 30_000,
  now: () => performance.now(),
} as const;

/**
 * Reads all GPUs, again and again, and deals with the library's life: it is initialised at the
 * first look, and shut down and begun anew when it says that it cannot go on. One GPU that is lost
 * does not keep the others from being read.
 */
export class Collector {
  readonly #calls: NvmlCalls;
  readonly #options: Required<CollectorOptions>;
  readonly #slow: SlowTier;
  readonly #pause: RetryPause;
  readonly #lost = new LostGpus();
  #session: Session | undefined;
  #isOutdated = false;
  #xids: XidEvent[] = [];
  /** When the library was last begun anew because of a lost GPU. */
  #renewedMs = -Infinity;

  constructor(library: NvmlLibrary, options: CollectorOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#calls = new NvmlCalls(library);
    this.#slow = new SlowTier(this.#options);
    this.#pause = new RetryPause(this.#options.longestPauseMs);
  }

  /** Whether the driver is of another version than the library that this process has loaded. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Looks once; undefined while it pauses after failures. */
  look(): GpuReport | undefined {
    const nowMs = this.#options.now();
    if (this.#pause.lasts(nowMs)) return undefined;
    try {
      const snapshot = this.#snapshot(nowMs);
      this.#pause.end();
      this.#isOutdated = false;
      return { state: 'read', snapshot };
    } catch (caught) {
      this.close();
      this.#isOutdated = caught instanceof NvmlError && caught.code === CODE.versionMismatch;
      this.#pause.begin(this.#options.now());
      return { state: 'failed', reason: caught instanceof Error ? caught.message : String(caught) };
    }
  }

  /** Gives the library back. */
  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  #snapshot(nowMs: number): GpuSnapshot {
    const atMs = Date.now();
    const session = this.#currentSession(nowMs);
    const gpus = this.#readAll(session.gpus);
    const unreadable = session.unreadable + session.gpus.length - gpus.length;
    this.#xids.push(...session.xids.take(atMs));
    const xids = this.#xids;
    this.#xids = [];
    const { driverVersion, cudaVersion } = session;
    const collectMs = this.#options.now() - nowMs;
    const { uuids: lost } = this.#lost;
    return { atMs, collectMs, driverVersion, cudaVersion, gpus, unreadable, lost, xids };
  }

  #currentSession(nowMs: number): Session {
    if (this.#session && this.#isSpent(this.#session, nowMs)) {
      // What it has to tell of a GPU that fell is told by no later one.
      this.#xids.push(...this.#session.xids.take(Date.now()));
      this.close();
    }
    this.#session ??= Session.open(this.#calls);
    return this.#session;
  }

  #isSpent(session: Session, nowMs: number): boolean {
    const isShort = session.unreadable > 0 || this.#lost.uuids.length > 0;
    if (isShort && nowMs - this.#renewedMs >= this.#options.lostIntervalMs) {
      this.#renewedMs = nowMs;
      return true;
    }
    return session.isOutdated();
  }

  #readAll(gpus: readonly Gpu[]): readonly GpuReading[] {
    const fallen = new Set<string>();
    const mute: unknown[] = [];
    const unlessLost = <Result>({ uuid }: Gpu, read: () => Result): Result | undefined =>
      unless(isLostGpu, () => fallen.add(uuid), read);
    const unlessMute = (read: () => GpuReading): GpuReading | undefined =>
      unless(isMuteGpu, (caught) => mute.push(caught), read);
    for (const gpu of this.#slow.due(gpus)) unlessLost(gpu, () => this.#slow.read(gpu));
    const readings = gpus
      .filter(({ uuid }) => !fallen.has(uuid))
      .map((gpu) => unlessLost(gpu, () => unlessMute(() => gpu.read(this.#slow.of(gpu)))))
      .filter((reading) => reading !== undefined);
    // A driver that tells nothing of any GPU is not asked with success.
    if (mute.length > 0 && readings.length === 0) throw mute[0];
    const readable = readings.map(({ uuid }) => uuid);
    this.#lost.note(readable, [...fallen]);
    return readings;
  }
}

/** Reads; a failure that is expected is noted and no reason to give up the others. */
function unless<Result>(
  isExpected: (caught: unknown) => boolean,
  note: (caught: unknown) => void,
  read: () => Result,
): Result | undefined {
  try {
    return read();
  } catch (caught) {
    if (!isExpected(caught)) throw caught;
    note(caught);
    return undefined;
  }
}
