import type { ModelWork } from '../protocol/control.js';

/** What a worker has computed, over all of its processes. */
export class WorkCounts {
  readonly #byModel = new Map<string, { steps: number; stepMs: number }>();

  /** Adds what a heartbeat tells. */
  add(work: readonly ModelWork[] = []): void {
    for (const { model, steps, stepMs } of work) {
      const sum = this.of(model);
      this.#byModel.set(model, { steps: sum.steps + steps, stepMs: sum.stepMs + stepMs });
    }
  }

  /** What was computed with a model. */
  of(model: string): { readonly steps: number; readonly stepMs: number } {
    return this.#byModel.get(model) ?? { steps: 0, stepMs: 0 };
  }
}
