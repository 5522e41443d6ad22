import type { GpuReport, GpuSnapshot } from '../../protocol/gpus.js';

/** Where looks come from. */
export interface GpuLooksOptions {
  /** The newest one that is good. */
  readonly newest: () => GpuSnapshot | undefined;
  /** Whether there will be more of them. */
  readonly isWatched: () => boolean;
  /** How long to wait for one; looks are a second apart. */
  readonly timeoutMs?: number;
}

/** A driver that hangs must not hold up the loading for longer. */
const TIMEOUT_MS = 10_000;

interface Waiting {
  readonly sinceMs: number;
  readonly settle: (snapshot: GpuSnapshot | undefined) => void;
}

/** Lets others wait for a look at the GPUs that began after something had happened. */
export class GpuLooks {
  readonly #options: GpuLooksOptions;
  readonly #waiting = new Set<Waiting>();
  /** Whether the last one who waited did so in vain: nobody else shall, until one comes. */
  #isSilent = false;

  constructor(options: GpuLooksOptions) {
    this.#options = options;
  }

  /** The newest look that is good. */
  get newest(): GpuSnapshot | undefined {
    return this.#options.newest();
  }

  /**
   * Waits for a look that began later than `sinceMs`, milliseconds since 1970.
   * @returns Undefined if there is none: nobody looks, the look fails, or it takes too long.
   */
  next(sinceMs: number): Promise<GpuSnapshot | undefined> {
    const { newest } = this;
    if (newest && beganAtMs(newest) > sinceMs) return Promise.resolve(newest);
    if (this.#isSilent || !this.#options.isWatched()) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        sinceMs,
        settle: (snapshot) => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(snapshot);
        },
      };
      const timer = setTimeout(() => {
        this.#isSilent = true;
        waiting.settle(undefined);
      }, this.#options.timeoutMs ?? TIMEOUT_MS);
      timer.unref();
      this.#waiting.add(waiting);
    });
  }

  /** The GPUs were looked at, or could not be. */
  take(report: GpuReport): void {
    this.#isSilent = false;
    for (const waiting of this.#waiting) {
      if (report.state !== 'read') waiting.settle(undefined);
      else if (beganAtMs(report.snapshot) > waiting.sinceMs) waiting.settle(report.snapshot);
    }
  }
}

function beganAtMs({ atMs, collectMs }: GpuSnapshot): number {
  return atMs - collectMs;
}
