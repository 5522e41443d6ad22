import type { GpuReading, GpuSnapshot } from '../../protocol/gpus.js';
import type { Crossing } from './threshold.js';
import { type HighGpu, ThresholdWatch } from './threshold-watch.js';
import type { WatchLog } from './watch-log.js';

/** Shares of all memory. A peak while a model is loaded is no trouble. */
const LIMITS = { above: 0.95, below: 0.9, forMs: 60_000 };

/** Watches which GPUs have hardly any memory left, for `/health` and the log. */
export class VramWatch {
  readonly #watch: ThresholdWatch;
  readonly #log: WatchLog;

  constructor(log: WatchLog) {
    this.#log = log;
    this.#watch = new ThresholdWatch({
      ...LIMITS,
      valueOf: usedRatio,
      onCrossing: (gpu, crossing) => this.#tell(gpu, crossing),
    });
  }

  /** Takes a snapshot in. */
  observe(snapshot: GpuSnapshot): void {
    this.#watch.observe(snapshot);
  }

  /** Drops all warnings: nobody says any more how the GPUs are. */
  forget(): void {
    this.#watch.forget();
  }

  /** Sentences for `/health`, one for each GPU whose memory is nearly full. */
  warnings(): string[] {
    return this.#watch.high.map(sentenceOn);
  }

  #tell(gpu: GpuReading, crossing: Crossing): void {
    const { usedBytes, totalBytes } = gpu.memory;
    const fields = { gpu: gpu.uuid, index: gpu.index, usedBytes, totalBytes };
    if (crossing === 'began') this.#log.warn(fields, 'the memory of a GPU is nearly full');
    else this.#log.info(fields, 'a GPU has memory again');
  }
}

function usedRatio({ memory: { usedBytes, totalBytes } }: GpuReading): number | null {
  return usedBytes === null || totalBytes === null || totalBytes === 0
    ? null
    : usedBytes / totalBytes;
}

function sentenceOn({ gpu: { index, name }, value }: HighGpu): string {
  return (
    `The memory of GPU ${index} (${name}) is nearly full: ${Math.round(value * 100)} %. ` +
    'Larger requests may fail: configure fewer models or replicas for it.'
  );
}
