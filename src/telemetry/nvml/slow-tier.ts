import type { Gpu } from './gpu.js';
import { NO_SLOW_READING } from './slow-reading.js';
import type { SlowReading } from './slow-reading.js';

/** How often a GPU's dear values are read, and how long all that may hold up one snapshot. */
export interface SlowTierOptions {
  readonly slowIntervalMs: number;
  readonly slowBudgetMs: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

interface Kept {
  readonly atMs: number;
  readonly reading: SlowReading;
}

/**
 * Keeps the values that are dear to read. GPUs take turns: at each snapshot at least one that is
 * due is read, and more of them while that takes hardly any time, so that eight boards of 40 ms
 * each are spread over eight snapshots.
 */
export class SlowTier {
  readonly #options: SlowTierOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: SlowTierOptions) {
    this.#options = options;
  }

  /** The GPUs to read now, the longest unread first; ask for the next one when one has been read. */
  *due(gpus: readonly Gpu[]): Generator<Gpu> {
    const { now, slowBudgetMs, slowIntervalMs } = this.#options;
    const beganMs = now();
    const readMs = ({ uuid }: Gpu): number => this.#kept.get(uuid)?.atMs ?? -Infinity;
    for (const gpu of gpus.toSorted((one, other) => readMs(one) - readMs(other))) {
      if (beganMs - readMs(gpu) < slowIntervalMs) return;
      yield gpu;
      if (now() - beganMs > slowBudgetMs) return;
    }
  }

  /** Reads a GPU's dear values and keeps them. */
  read(gpu: Gpu): void {
    this.#kept.set(gpu.uuid, { atMs: this.#options.now(), reading: gpu.readSlow() });
  }

  /** What was last read. */
  of({ uuid }: Gpu): SlowReading {
    return this.#kept.get(uuid)?.reading ?? NO_SLOW_READING;
  }
}
