import { ThresholdWatch } from './threshold-watch.js';
import type { WatchLog } from './watch-log.js';

/** Shares of the time. A GPU that computes without a pause is no fault: it is only worth a line. */
const LIMITS = { above: 0.98, below: 0.9, forMs: 5 * 60_000 };

/** Notes in the log when a GPU has been busy for minutes: more work needs more GPUs. */
export function utilizationWatch(log: WatchLog): ThresholdWatch {
  return new ThresholdWatch({
    ...LIMITS,
    valueOf: ({ utilizationRatio }) => utilizationRatio.gpu,
    onCrossing({ uuid, index }, crossing) {
      if (crossing === 'ended') return;
      log.info({ gpu: uuid, index }, 'a GPU has been busy for five minutes without a pause');
    },
  });
}
