import type { GpuReading, GpuReport, GpuSnapshot, XidEvent } from '../protocol/gpus.js';
import type { DeviceFault, DeviceFaultSource } from './device-faults.js';
import type { SlotLog } from './life-cycle.js';

/** A GPU that is not listed so often in a row is gone, even if nobody says so. */
const UNLISTED_LOOKS = 3;
/** An error that comes again and again is not logged more often. */
const LOG_INTERVAL_MS = 60_000;

/** XID errors by GPU and number. */
export type XidCounts = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * Faults of GPUs as the telemetry process's snapshots tell them, and counts of them that outlive
 * that process. A fault of a GPU is one of its slices', too.
 */
export class GpuFaults implements DeviceFaultSource {
  readonly #log: SlotLog;
  readonly #listeners = new Set<(fault: DeviceFault) => void>();
  readonly #xids = new Map<string, Map<number, number>>();
  readonly #lastXidAtMs = new Map<string, number>();
  readonly #loggedAt = new Map<string, number>();
  /** GPU of each slice that was ever seen: a GPU that is lost does not tell its slices any more. */
  readonly #parents = new Map<string, string>();
  readonly #advice = new Map<string, string>();
  readonly #seen = new Set<string>();
  /** In how many looks in a row each GPU has been missing. */
  readonly #missing = new Map<string, number>();
  /** Those that were reported lost, and are not back. */
  readonly #lost = new Set<string>();
  /** GPUs in the driver's list that nothing can be learned of. */
  #unreadable = 0;
  #lastLookAt: number | undefined;

  constructor(log: SlotLog) {
    this.#log = log;
  }

  /** XID errors since the supervisor began, by UUID and number. */
  get xidCounts(): XidCounts {
    return this.#xids;
  }

  /** When each GPU had its last XID error, milliseconds since 1970. */
  get lastXidAtMs(): ReadonlyMap<string, number> {
    return this.#lastXidAtMs;
  }

  /** How many GPUs are known to be there, or to have been, and cannot be used now. */
  get missingCount(): number {
    // One that has fallen may still be in the driver's list, without its name.
    return Math.max(this.#missing.size, this.#unreadable);
  }

  /** What an operator should know. */
  warnings(): string[] {
    const lost = [...this.#lost].map((uuid) => `${uuid} has fallen off the bus.`);
    const advised = [...this.#advice]
      .filter(([, action]) => action !== 'none')
      .map(([uuid, action]) => `The driver advises ${action} for ${uuid}.`);
    const nameless = this.#unreadable - this.#missing.size;
    const mute = `The driver lists ${this.#unreadable} GPU(s) that cannot be read.`;
    return [...lost, ...advised, ...(nameless > 0 ? [mute] : [])];
  }

  /** GPUs that were there since the supervisor began and are not there now. */
  get missing(): readonly string[] {
    return [...this.#missing.keys()];
  }

  /** See {@link DeviceFaultSource.subscribe}. */
  subscribe(listener: (fault: DeviceFault) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The telemetry process has looked. */
  take(report: GpuReport): void {
    if (report.state !== 'read') return;
    const { snapshot } = report;
    for (const gpu of snapshot.gpus) this.#remember(gpu);
    this.#countMissing(snapshot);
    this.#noteUnreadable(snapshot.unreadable);
    for (const event of snapshot.xids) this.#xid(event);
    for (const gpu of snapshot.gpus) this.#advise(gpu);
    this.#lastLookAt = performance.now();
  }

  #remember({ uuid, slices }: GpuReading): void {
    this.#seen.add(uuid);
    for (const slice of slices) this.#parents.set(slice.uuid, uuid);
  }

  #countMissing({ gpus, lost }: GpuSnapshot): void {
    for (const uuid of lost) this.#seen.add(uuid);
    const present = new Set(gpus.map(({ uuid }) => uuid).filter((uuid) => !lost.includes(uuid)));
    for (const uuid of this.#seen) {
      if (present.has(uuid)) {
        this.#missing.delete(uuid);
        this.#lost.delete(uuid);
        continue;
      }
      const looks = (this.#missing.get(uuid) ?? 0) + 1;
      this.#missing.set(uuid, looks);
      // A collector that was started after the loss cannot know that there was one more.
      if (lost.includes(uuid) || looks >= UNLISTED_LOOKS) this.#lose(uuid);
    }
  }

  #noteUnreadable(unreadable: number): void {
    if (unreadable > this.#unreadable) this.#log.warn({ unreadable }, 'GPUs cannot be read');
    this.#unreadable = unreadable;
  }

  #lose(uuid: string): void {
    if (this.#lost.has(uuid)) return;
    this.#lost.add(uuid);
    // When it is back it may advise again.
    this.#advice.delete(uuid);
    this.#log.error({ device: uuid }, 'a GPU has fallen off the bus');
    this.#report({ uuid, lost: true });
  }

  #xid({ uuid, xid, atMs }: XidEvent): void {
    const counts = this.#xids.get(uuid) ?? new Map<number, number>();
    const count = (counts.get(xid) ?? 0) + 1;
    this.#xids.set(uuid, counts.set(xid, count));
    this.#lastXidAtMs.set(uuid, atMs);
    this.#logXid({ device: uuid, xid, count });
    const since = this.#lastLookAt;
    this.#report({ uuid, xid, ...(since !== undefined && { since }) });
  }

  #logXid(fields: { readonly device: string; readonly xid: number; readonly count: number }): void {
    const kind = `${fields.device} ${fields.xid}`;
    const now = performance.now();
    if (now - (this.#loggedAt.get(kind) ?? -Infinity) < LOG_INTERVAL_MS) return;
    this.#loggedAt.set(kind, now);
    this.#log.warn(fields, 'a GPU has reported an XID error');
  }

  #advise({ uuid, recoveryAction }: GpuReading): void {
    if (recoveryAction === null || this.#advice.get(uuid) === recoveryAction) return;
    this.#advice.set(uuid, recoveryAction);
    if (recoveryAction !== 'none') this.#report({ uuid, recoveryAction });
  }

  #report(fault: DeviceFault): void {
    const slices = [...this.#parents].filter(([, parent]) => parent === fault.uuid);
    for (const uuid of [fault.uuid, ...slices.map(([slice]) => slice)]) {
      for (const listener of this.#listeners) listener({ ...fault, uuid });
    }
  }
}
