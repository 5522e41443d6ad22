/** Entry of the telemetry process. */
import { runChild } from '../../protocol/child.js';
import { keepHeapSmall } from './heap.js';
import { startTelemetry } from './telemetry.js';

keepHeapSmall();
runChild(async (init, link) => {
  if (init.role !== 'telemetry') throw new Error(`The telemetry process cannot be ${init.role}.`);
  return startTelemetry(init, link);
});
