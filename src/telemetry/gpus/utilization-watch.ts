import type { GpuSnapshot } from '../../protocol/gpus.js';
import { ThresholdWatch } from './threshold-watch.js';
import type { WatchLog } from './watch-log.js';

/** Shares of the time. A GPU that computes without a pause is no fault: it is only worth a line. */
const LIMITS = { above: 0.98, below: 0.9, forMs: 5 * 60_000 };

/** Notes in the log when a GPU has been busy for minutes: more work needs more GPUs. */
export class UtilizationWatch {
  readonly #watch: ThresholdWatch;

  constructor(log: WatchLog) {
    this.#watch = new ThresholdWatch({
      ...LIMITS,
      valueOf: ({ utilizationRatio }) => utilizationRatio.gpu,
      onCrossing({ uuid, index }, crossing) {
        if (crossing === 'ended') return;
        log.info({ gpu: uuid, index }, 'a GPU has been busy for five minutes without a pause');
      },
    });
  }

  /** Takes a snapshot in. */
  observe(snapshot: GpuSnapshot): void {
    this.#watch.observe(snapshot);
  }

  /** Begins anew: nobody says any more how the GPUs are. */
  forget(): void {
    this.#watch.forget();
  }
}
