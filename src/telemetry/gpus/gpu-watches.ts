import type { GpuSnapshot } from '../../protocol/gpus.js';
import { TemperatureWatch } from './temperature-watch.js';
import { UtilizationWatch } from './utilization-watch.js';
import { VramWatch } from './vram-watch.js';
import type { WatchLog } from './watch-log.js';

/** All that is watched of the GPUs, in one. */
export class GpuWatches {
  readonly #temperature: TemperatureWatch;
  readonly #vram: VramWatch;
  readonly #utilization: UtilizationWatch;

  constructor(log: WatchLog) {
    this.#temperature = new TemperatureWatch(log);
    this.#vram = new VramWatch(log);
    this.#utilization = new UtilizationWatch(log);
  }

  /** UUIDs of the GPUs that are too hot. */
  get hot(): ReadonlySet<string> {
    return this.#temperature.hot;
  }

  /** Takes each snapshot in. */
  observe(snapshot: GpuSnapshot): void {
    for (const watch of this.#all()) watch.observe(snapshot);
  }

  /** To be called when there are no snapshots any more: what was true then is not known now. */
  forget(): void {
    for (const watch of this.#all()) watch.forget();
  }

  /** Sentences for the `warnings` of `/health`. */
  warnings(): string[] {
    return [...this.#temperature.warnings(), ...this.#vram.warnings()];
  }

  #all() {
    return [this.#temperature, this.#vram, this.#utilization];
  }
}
