import type { RequestClass, Service } from '../protocol/requests.js';
import type { WorkerLoad } from './worker-load.js';

/** A model on a worker, as a destination of leases. */
export interface Destination<Target> {
  readonly workerId: string;
  readonly service: Service;
  readonly model: string;
  /** Leases that it may hold at once. */
  readonly capacity: number;
  /** The process behind it; the same for all models of one process. */
  readonly target: Target;
}

/** The part of a place that bulk work may hold, so that whoever listens finds room. */
const BULK_PART = 0.75;
/** Failures in a row, without any result between them, that put a place out of rotation. */
const FAILURES_TO_LEAVE = 3;
/** How long it is out, the first time and at most. */
const FIRST_ABSENCE_MS = 1_000;
const LONGEST_ABSENCE_MS = 60_000;

/** One destination with what it holds and how it has done. */
export class Place<Target> {
  readonly destination: Destination<Target>;
  readonly load: WorkerLoad;
  /** Takes nothing new: its worker is not ready or is being replaced. */
  isOut = false;
  /** Its process has ended. */
  isGone = false;
  leases = 0;
  streams = 0;
  /** Leases that it may hold for now; grows to the capacity as it proves itself. */
  window = 1;
  /** Until when it is out of rotation because it fails. */
  absentUntilMs = 0;
  /** Whether results alone let it hold more leases, not time: its worker has failed before. */
  mustEarn: boolean;
  /** Whether it has failed, or its worker before it, and has given no result since. */
  isOnTrial: boolean;
  #bulkLeases = 0;
  #failures = 0;
  #absenceMs = FIRST_ABSENCE_MS;

  constructor(destination: Destination<Target>, load: WorkerLoad, isOnTrial: boolean) {
    this.destination = destination;
    this.load = load;
    this.mustEarn = isOnTrial;
    this.isOnTrial = isOnTrial;
  }

  /** Whether it may take one more lease of that class now. */
  hasRoom(requestClass: RequestClass, nowMs: number): boolean {
    if (this.leases >= this.window || nowMs < this.absentUntilMs) return false;
    const { capacity } = this.destination;
    return requestClass !== 'bulk' || this.#bulkLeases < Math.ceil(capacity * BULK_PART);
  }

  /** Counts a lease. */
  take(requestClass: RequestClass): void {
    this.leases += 1;
    if (requestClass === 'bulk') this.#bulkLeases += 1;
  }

  /** Counts a lease no more. */
  giveBack(requestClass: RequestClass): void {
    this.leases -= 1;
    if (requestClass === 'bulk') this.#bulkLeases -= 1;
  }

  /** Counts a stream that stays. */
  openStream(): void {
    this.streams += 1;
    this.load.streams += 1;
  }

  /** Counts a stream no more. */
  closeStream(): void {
    this.streams -= 1;
    this.load.streams -= 1;
  }

  /** Whether it may hold as many leases as it has capacity for. */
  get isWarm(): boolean {
    return this.window >= this.destination.capacity;
  }

  /**
   * A lease has given a result.
   * @returns Whether the place may hold one lease more for it.
   */
  succeeded(): boolean {
    this.#failures = 0;
    this.isOnTrial = false;
    this.#absenceMs = FIRST_ABSENCE_MS;
    if (this.isWarm) return false;
    this.window += 1;
    return true;
  }

  /**
   * A lease has failed through the place's fault.
   * @returns Whether it has failed too often to stay in rotation.
   */
  failed(): boolean {
    this.#failures += 1;
    if (this.#failures < FAILURES_TO_LEAVE) return false;
    this.mustEarn = true;
    this.isOnTrial = true;
    this.window = 1;
    return true;
  }

  /**
   * Goes out of rotation, each time for longer.
   * @returns For how long.
   */
  leave(nowMs: number): number {
    const absenceMs = this.#absenceMs;
    this.#absenceMs = Math.min(LONGEST_ABSENCE_MS, absenceMs * 2);
    this.absentUntilMs = nowMs + absenceMs;
    return absenceMs;
  }

  /** Whether it has failed since it last gave a result. */
  get isSuspect(): boolean {
    return this.#failures > 0;
  }

  /** Lets it hold so many leases, as far as its capacity goes. */
  grow(window: number): void {
    this.window = Math.min(this.destination.capacity, window);
  }
}
