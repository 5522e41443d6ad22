import type { RecoveryAction } from '../protocol/gpus.js';

/** Something that a GPU's driver has reported. */
export interface DeviceFault {
  /** The GPU. */
  readonly uuid: string;
  /** Number of the event in NVIDIA's table of XID errors, if there was one. */
  readonly xid?: number;
  /** The driver's own advice, where it gives one; it goes before what we know of the XID. */
  readonly recoveryAction?: RecoveryAction;
  /** It is not on the bus any more. */
  readonly lost?: true;
  /**
   * When it happened at the earliest, by the supervisor's monotonic clock: a process that began
   * later is not the one that it happened to. Absent = any time.
   */
  readonly since?: number;
}

/** Where faults come from; the telemetry process is one. */
export interface DeviceFaultSource {
  /** @returns What ends the subscription. */
  subscribe(listener: (fault: DeviceFault) => void): () => void;
}

/** What a fault means for the worker on the device. */
export type FaultVerdict = 'ignore' | 'restart_worker' | 'out_of_service';

/**
 * XIDs after which the process must go but the GPU is well. Source: NVIDIA's XID catalogue;
 * 13 and 31 are faults of the program, 94 is a contained memory error.
 */
const RESTART_XIDS: ReadonlySet<number> = new Set([13, 31, 94]);
/** XIDs after which the GPU needs a reset or a technician: double-bit ECC, lost bus, GSP, NVLink. */
const OUT_OF_SERVICE_XIDS: ReadonlySet<number> = new Set([48, 62, 64, 74, 79, 95, 119, 120]);

/**
 * Decides about a fault. We never reset a GPU ourselves: it may serve other programs.
 * XIDs that are not in the lists (43, 63 and 92 among them) say nothing that our own checks miss.
 */
export function verdictOn({ xid, recoveryAction, lost }: DeviceFault): FaultVerdict {
  if (lost === true) return 'out_of_service';
  if (recoveryAction !== undefined) {
    return recoveryAction === 'none' ? 'ignore' : 'out_of_service';
  }
  if (xid === undefined) return 'ignore';
  if (OUT_OF_SERVICE_XIDS.has(xid)) return 'out_of_service';
  return RESTART_XIDS.has(xid) ? 'restart_worker' : 'ignore';
}

/** Names a fault for people. */
export function describeFault({ xid, recoveryAction, lost }: DeviceFault): string {
  if (lost === true) return 'The GPU has fallen off the bus.';
  const parts = [
    ...(xid === undefined ? [] : [`XID ${xid}`]),
    ...(recoveryAction === undefined ? [] : [`the driver advises ${recoveryAction}`]),
  ];
  return `The GPU reported a fault (${parts.join(', ')}).`;
}
