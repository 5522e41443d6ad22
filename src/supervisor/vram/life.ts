import type { FootprintFigures, FootprintKey } from '../../models/footprints.js';
import type { GpuSnapshot } from '../../protocol/gpus.js';
import type { PlacedModel } from './budget.js';
import type { LoadReading } from './load-measurement.js';

/** A model whose footprint is known. */
export interface VramModel extends FootprintFigures {
  readonly model: string;
  /** Whether it has its memory, or was not let begin. */
  readonly state: 'placed' | 'refused';
}

/** A load that is being measured. */
export interface Measuring {
  readonly key: FootprintKey;
  readonly begun: LoadReading;
  readonly loaded: LoadReading | undefined;
}

/** What one process of a worker takes of its GPU. */
export class Life {
  pid: number | undefined;
  /** What its models may take together; undefined while nobody knows. */
  budgetBytes: number | undefined;
  /** Resolves when that is known, so far as it can be. */
  beginning: Promise<void> | undefined;
  /** Whether the next model is the first to use the GPU. */
  opensContext = true;
  measuring: Measuring | undefined;
  /** A look since which no load has begun: the next load need not wait for one. */
  baseline: GpuSnapshot | undefined;
  readonly #models = new Map<string, VramModel>();
  /** Those that have loaded and compute on the GPU. */
  readonly #settled = new Set<string>();

  /** All models whose footprint is known. */
  get models(): readonly VramModel[] {
    return [...this.#models.values()];
  }

  /** Those that have their memory, or are taking it. */
  get placed(): readonly PlacedModel[] {
    return this.models.filter(({ state }) => state === 'placed');
  }

  /** Those among them that have loaded. */
  get loaded(): readonly PlacedModel[] {
    return this.placed.filter(({ model }) => this.#settled.has(model));
  }

  /** The footprint of a model, if it is known. */
  footprint(model: string): FootprintFigures | undefined {
    return this.#models.get(model);
  }

  /** A model takes this much. */
  place(model: string, { loadBytes, peakBytes, isEstimated }: FootprintFigures): void {
    this.#models.set(model, { model, state: 'placed', loadBytes, peakBytes, isEstimated });
  }

  /** A model would take this much and is not loaded. */
  refuse(model: string, { loadBytes, peakBytes, isEstimated }: FootprintFigures): void {
    this.#models.set(model, { model, state: 'refused', loadBytes, peakBytes, isEstimated });
  }

  /** A load has come to its end; one that uses the GPU not, or not any more, takes nothing of it. */
  settled(model: string, usesGpu: boolean): void {
    if (usesGpu) this.#settled.add(model);
    else if (this.#models.get(model)?.state === 'placed') this.#models.delete(model);
  }
}
