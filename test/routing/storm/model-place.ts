import type { LeaseReport, RouteRequest } from '../../../src/routing/model-route.js';

/** What work costs as long as the router has not seen any. */
export function untaughtMs({ service, cost }: RouteRequest): number {
  return service === 'tts' ? 50 + 4 * cost : 300 + 50 * cost;
}

/** One model on one process, by the rules as they are told. */
export class ModelPlace {
  readonly worker: string;
  readonly process: string;
  readonly capacity: number;
  /** What it holds, by lease. */
  readonly held = new Map<number, RouteRequest>();
  isOut = false;
  isGone = false;
  absentUntilMs = 0;
  failuresInARow = 0;
  #window = 1;
  /** Loaded after its worker failed, or failing itself: only results give it more. */
  mustEarn: boolean;
  /** Has given no result since it, or its worker, failed. */
  isOnTrial: boolean;
  /** Absences since it gave a result. */
  #absences = 0;
  #doublesAtMs: number;

  constructor(
    { worker, process, capacity }: Pick<ModelPlace, 'worker' | 'process' | 'capacity'>,
    { nowMs, mustEarn }: { readonly nowMs: number; readonly mustEarn: boolean },
  ) {
    this.worker = worker;
    this.process = process;
    this.capacity = capacity;
    this.mustEarn = mustEarn;
    this.isOnTrial = mustEarn;
    this.#doublesAtMs = nowMs + 250;
  }

  /** Slow start: twice as many leases every 250 ms. */
  passTo(nowMs: number): void {
    for (; this.#doublesAtMs <= nowMs; this.#doublesAtMs += 250) {
      if (!this.mustEarn) this.#window = Math.min(this.capacity, 2 * this.#window);
    }
  }

  /** Takes work of anybody, room or not. */
  isIn(nowMs: number): boolean {
    return !this.isOut && nowMs >= this.absentUntilMs;
  }

  /** Whether one more of that class may be held. */
  hasRoom(requestClass: RouteRequest['class'], nowMs: number): boolean {
    if (this.isGone || nowMs < this.absentUntilMs) return false;
    if (this.held.size >= this.#window) return false;
    const bulk = [...this.held.values()].filter((one) => one.class === 'bulk').length;
    return requestClass === 'interactive' || bulk < Math.ceil(0.75 * this.capacity);
  }

  /**
   * A lease tells how it fares.
   * @returns Whether the place has failed so often that it should be left out.
   */
  told(report: LeaseReport): boolean {
    if (report !== 'failed') {
      this.failuresInARow = 0;
      this.isOnTrial = false;
      this.#absences = 0;
      this.#window = Math.min(this.capacity, this.#window + 1);
      return false;
    }
    this.failuresInARow += 1;
    if (this.failuresInARow < 3) return false;
    this.#window = 1;
    this.mustEarn = true;
    this.isOnTrial = true;
    return true;
  }

  /** Is left out: a second, then twice as long each time. */
  leave(nowMs: number): void {
    this.absentUntilMs = nowMs + Math.min(60_000, 1_000 * 2 ** this.#absences);
    this.#absences += 1;
  }
}
