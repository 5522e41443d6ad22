import { describeFault, type DeviceFault, type FaultVerdict, verdictOn } from './device-faults.js';
import type { WorkerSlot } from './worker-slot.js';

/** A GPU has reported a fault: does to the workers on it what the policy says. */
export function respondTo(fault: DeviceFault, workers: readonly WorkerSlot[]): void {
  const verdict = verdictOn(fault);
  if (verdict === 'ignore') return;
  const quarantine = verdict === 'out_of_service';
  for (const worker of workers) {
    const { device } = worker.spec;
    if (device.kind !== 'gpu' || device.uuid !== fault.uuid) continue;
    if (isStruck(worker, fault, verdict)) {
      worker.slot.condemn({ cause: 'device_lost', reason: describeFault(fault), quarantine });
    }
  }
}

/** A process that took the place of the one that died of a fault is not to pay for it again. */
function isStruck(worker: WorkerSlot, { since }: DeviceFault, verdict: FaultVerdict): boolean {
  if (verdict === 'out_of_service' || since === undefined) return true;
  return (worker.memory.startedAt ?? Infinity) < since;
}
