/** Entry of a telemetry process that is in a hurry, so that tests need not wait for seconds. */
import { runChild } from '../../src/protocol/child.js';
import { keepHeapSmall } from '../../src/telemetry/nvml/heap.js';
import { startTelemetry } from '../../src/telemetry/nvml/telemetry.js';

keepHeapSmall();
runChild(async (init, link) => {
  if (init.role !== 'telemetry') throw new Error(`The telemetry process cannot be ${init.role}.`);
  return startTelemetry(init, link, {
    tickMs: 10,
    slowIntervalMs: 50,
    lostIntervalMs: 100,
    longestPauseMs: 50,
  });
});
