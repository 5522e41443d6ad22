import type { GpuReading, GpuSnapshot } from '../../protocol/gpus.js';
import type { WatchLog } from './watch-log.js';
import { type Crossing } from './threshold.js';
import { type HighGpu, ThresholdWatch } from './threshold-watch.js';

/** Warned from above 80 °C, the seed's figure; over below 76 °C. */
const LIMITS = { above: 80, below: 76, forMs: 0 };

/** Watches which GPUs are too hot, for `/health`, `/system/metrics` and the log. */
export class TemperatureWatch {
  readonly #watch: ThresholdWatch;
  readonly #log: WatchLog;

  constructor(log: WatchLog) {
    this.#log = log;
    this.#watch = new ThresholdWatch({
      ...LIMITS,
      valueOf: ({ temperatureCelsius }) => temperatureCelsius,
      onCrossing: (gpu, crossing) => this.#tell(gpu, crossing),
    });
  }

  /** UUIDs of the GPUs that are too hot. */
  get hot(): ReadonlySet<string> {
    return new Set(this.#watch.high.map(({ gpu }) => gpu.uuid));
  }

  /** Takes a snapshot in. */
  observe(snapshot: GpuSnapshot): void {
    this.#watch.observe(snapshot);
  }

  /** Drops all warnings: nobody says any more how the GPUs are. */
  forget(): void {
    this.#watch.forget();
  }

  /** Sentences for `/health`, one for each GPU that is too hot. */
  warnings(): string[] {
    return this.#watch.high.map(sentenceOn);
  }

  #tell({ uuid, index, temperatureCelsius }: GpuReading, crossing: Crossing): void {
    const fields = { gpu: uuid, index, temperatureCelsius };
    if (crossing === 'began') this.#log.warn(fields, 'a GPU is too hot');
    else this.#log.info(fields, 'a GPU has cooled down');
  }
}

function sentenceOn({ gpu: { index, name, slowdownCelsius }, value }: HighGpu): string {
  const slowdown = slowdownCelsius === null ? 'soon' : `at ${slowdownCelsius} °C`;
  return (
    `GPU ${index} (${name}) is too hot: ${value} °C, warned above ${LIMITS.above} °C. ` +
    `Look at its cooling: it slows itself down ${slowdown}.`
  );
}
