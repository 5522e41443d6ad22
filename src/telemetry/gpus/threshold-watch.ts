import type { GpuReading, GpuSnapshot } from '../../protocol/gpus.js';
import { type Crossing, Threshold, type ThresholdLimits } from './threshold.js';

/** What is watched of each GPU, and what is done when it crosses. */
export interface WatchOrder extends ThresholdLimits {
  /** The value; null while it is not known. */
  readonly valueOf: (gpu: GpuReading) => number | null;
  readonly onCrossing: (gpu: GpuReading, crossing: Crossing) => void;
  /** What `/health` says of a GPU whose value is too high; absent = nothing. */
  readonly sentenceOn?: (high: HighGpu) => string;
}

/** A GPU whose value is too high. */
export interface HighGpu {
  /** As it was when the value was known for the last time. */
  readonly gpu: GpuReading;
  readonly value: number;
}

interface Watched {
  readonly threshold: Threshold;
  known: HighGpu | undefined;
}

/** Watches one value of all GPUs. A GPU that is gone is forgotten, without a word. */
export class ThresholdWatch {
  readonly #order: WatchOrder;
  #watched = new Map<string, Watched>();

  constructor(order: WatchOrder) {
    this.#order = order;
  }

  /** GPUs whose value is too high now, in the driver's order. */
  get high(): readonly HighGpu[] {
    return [...this.#watched.values()].flatMap(({ threshold, known }) =>
      threshold.active && known !== undefined ? [known] : [],
    );
  }

  /** Sentences for the `warnings` of `/health`. */
  warnings(): string[] {
    const { sentenceOn } = this.#order;
    return sentenceOn ? this.high.map(sentenceOn) : [];
  }

  /** Takes a snapshot in. */
  observe({ gpus, atMs }: GpuSnapshot): void {
    const before = this.#watched;
    this.#watched = new Map();
    for (const gpu of gpus) {
      const watched = before.get(gpu.uuid) ?? this.#newlyWatched();
      this.#watched.set(gpu.uuid, watched);
      const value = this.#order.valueOf(gpu);
      if (value !== null) watched.known = { gpu, value };
      const crossing = watched.threshold.observe(value, atMs);
      if (crossing !== undefined) this.#order.onCrossing(gpu, crossing);
    }
  }

  /** Forgets all GPUs: nobody says any more how they are. */
  forget(): void {
    this.#watched.clear();
  }

  #newlyWatched(): Watched {
    return { threshold: new Threshold(this.#order), known: undefined };
  }
}
