import { setTimeout as delay } from 'node:timers/promises';
import { type CpuPoint, cpuShare } from './cpu.js';
import { diskFigures } from './disk.js';
import type { CpuFigures, SystemFigures } from './figures.js';
import { KERNEL_FOLDERS, type KernelFolders } from './kernel-files.js';
import { kernelSource, NODE_SOURCE, type SystemSource } from './source.js';

/** How long a sample is given out again. */
const FRESH_MS = 1_000;
/** A CPU share over a longer time than this says nothing of now. */
const POINT_USABLE_MS = 10_000;
/** Distance of two points that are taken for one sample. */
const PAIR_MS = 200;

/** Time as the sampler knows it. */
export interface SamplerClock {
  /** Milliseconds since any fixed moment; never goes back. */
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

const MONOTONIC: SamplerClock = { nowMs: () => performance.now(), wait: (ms) => delay(ms) };

/** What to sample. */
export interface SamplerOptions {
  /** Folder on the disk that is watched. */
  readonly diskDir: string;
  /** Tests lay out files of their own. */
  readonly folders?: KernelFolders;
  readonly platform?: NodeJS.Platform;
  readonly clock?: SamplerClock;
}

interface Timed<T> {
  readonly atMs: number;
  readonly value: T;
}

/**
 * Samples the host's CPU, memory, disk and network, or the container's where it has limits. All
 * who ask within a second get the same sample, and nothing of it blocks the event loop.
 */
export class SystemSampler {
  readonly #diskDir: string;
  readonly #clock: SamplerClock;
  readonly #source: SystemSource;
  #last: Timed<SystemFigures> | undefined;
  #running: Promise<SystemFigures> | undefined;
  #point: Timed<CpuPoint | undefined> | undefined;

  constructor({ diskDir, folders, platform, clock }: SamplerOptions) {
    this.#diskDir = diskDir;
    this.#clock = clock ?? MONOTONIC;
    this.#source =
      (platform ?? process.platform) === 'linux'
        ? kernelSource(folders ?? KERNEL_FOLDERS, () => this.#clock.nowMs())
        : NODE_SOURCE;
  }

  /** The figures of now, at most a second old. Never rejects: what cannot be read is null. */
  sample(): Promise<SystemFigures> {
    if (this.#last && this.#ageMs(this.#last) < FRESH_MS) return Promise.resolve(this.#last.value);
    return (this.#running ??= this.#take().finally(() => (this.#running = undefined)));
  }

  async #take(): Promise<SystemFigures> {
    const [cpu, memory, disk, network] = await Promise.all([
      this.#cpu(),
      this.#source.memory(),
      diskFigures(this.#diskDir),
      this.#source.network(),
    ]);
    const value = { atMs: Date.now(), cpu, memory, disk, network };
    this.#last = { atMs: this.#clock.nowMs(), value };
    return value;
  }

  async #cpu(): Promise<CpuFigures> {
    const earlier = this.#point;
    const usable = earlier !== undefined && this.#ageMs(earlier) <= POINT_USABLE_MS;
    const now = await this.#nextPoint();
    const usageRatio = usable ? cpuShare(earlier.value, now) : null;
    // Without an earlier point, or if the limits have changed since, a short pair must do.
    if (usageRatio !== null || now === undefined) return { usageRatio, cores: now?.cores ?? null };
    await this.#clock.wait(PAIR_MS);
    const later = await this.#nextPoint();
    return { usageRatio: cpuShare(now, later), cores: (later ?? now).cores };
  }

  async #nextPoint(): Promise<CpuPoint | undefined> {
    const value = await this.#source.cpu();
    this.#point = { atMs: this.#clock.nowMs(), value };
    return value;
  }

  #ageMs({ atMs }: Timed<unknown>): number {
    return this.#clock.nowMs() - atMs;
  }
}
