import type { GpuReading } from '../../protocol/gpus.js';
import { type HighGpu, ThresholdWatch } from './threshold-watch.js';
import type { WatchLog } from './watch-log.js';

/** Shares of all memory. A peak while a model is loaded is no trouble. */
const LIMITS = { above: 0.95, below: 0.9, forMs: 60_000 };

/** Watches which GPUs have hardly any memory left, for `/health` and the log. */
export function vramWatch(log: WatchLog): ThresholdWatch {
  return new ThresholdWatch({
    ...LIMITS,
    valueOf: usedRatio,
    onCrossing({ uuid, index, memory: { usedBytes, totalBytes } }, crossing) {
      const fields = { gpu: uuid, index, usedBytes, totalBytes };
      if (crossing === 'began') log.warn(fields, 'the memory of a GPU is nearly full');
      else log.info(fields, 'a GPU has memory again');
    },
    sentenceOn,
  });
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
