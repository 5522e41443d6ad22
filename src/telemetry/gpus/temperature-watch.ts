import { type HighGpu, ThresholdWatch } from './threshold-watch.js';
import type { WatchLog } from './watch-log.js';

/** Warned from above 80 °C, the seed's figure; over below 76 °C. */
const LIMITS = { above: 80, below: 76, forMs: 0 };

/** Watches which GPUs are too hot, for `/health`, `/system/metrics` and the log. */
export function temperatureWatch(log: WatchLog): ThresholdWatch {
  return new ThresholdWatch({
    ...LIMITS,
    valueOf: ({ temperatureCelsius }) => temperatureCelsius,
    onCrossing({ uuid, index, temperatureCelsius }, crossing) {
      const fields = { gpu: uuid, index, temperatureCelsius };
      if (crossing === 'began') log.warn(fields, 'a GPU is too hot');
      else log.info(fields, 'a GPU has cooled down');
    },
    sentenceOn,
  });
}

function sentenceOn({ gpu: { index, name, slowdownCelsius }, value }: HighGpu): string {
  const slowdown = slowdownCelsius === null ? 'soon' : `at ${slowdownCelsius} °C`;
  return (
    `GPU ${index} (${name}) is too hot: ${value} °C, warned above ${LIMITS.above} °C. ` +
    `Look at its cooling: it slows itself down ${slowdown}.`
  );
}
