import type { GpuSnapshot } from '../../protocol/gpus.js';
import { temperatureWatch } from './temperature-watch.js';
import type { ThresholdWatch } from './threshold-watch.js';
import { utilizationWatch } from './utilization-watch.js';
import { vramWatch } from './vram-watch.js';
import type { WatchLog } from './watch-log.js';

/** All that is watched of the GPUs, in one. */
export class GpuWatches {
  readonly #temperature: ThresholdWatch;
  readonly #all: readonly ThresholdWatch[];

  constructor(log: WatchLog) {
    this.#temperature = temperatureWatch(log);
    this.#all = [this.#temperature, vramWatch(log), utilizationWatch(log)];
  }

  /** UUIDs of the GPUs that are too hot. */
  get hot(): ReadonlySet<string> {
    return new Set(this.#temperature.high.map(({ gpu }) => gpu.uuid));
  }

  /** Takes each snapshot in. */
  observe(snapshot: GpuSnapshot): void {
    for (const watch of this.#all) watch.observe(snapshot);
  }

  /** To be called when there are no snapshots any more: what was true then is not known now. */
  forget(): void {
    for (const watch of this.#all) watch.forget();
  }

  /** Sentences for the `warnings` of `/health`. */
  warnings(): string[] {
    return this.#all.flatMap((watch) => watch.warnings());
  }
}
