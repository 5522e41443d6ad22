import type { Heartbeat } from '../protocol/control.js';

/** When a worker's memory is looked at. */
export interface IdlePointTiming {
  /** Shortest distance of two points. */
  readonly minIntervalMs: number;
  /** After this long a point is taken although nothing was served. */
  readonly maxIntervalMs: number;
}

/** Often enough to find a quick leak within minutes, seldom enough to cost nothing. */
export const IDLE_POINT_TIMING: IdlePointTiming = { minIntervalMs: 10_000, maxIntervalMs: 60_000 };

/**
 * Picks the moments at which a worker's memory may be compared with itself: nothing is being worked
 * on, and something was since the last one, or time went by.
 */
export class IdlePoints {
  readonly #timing: IdlePointTiming;
  #lastAt = -Infinity;
  #served = 0;

  constructor(timing: IdlePointTiming) {
    this.#timing = timing;
  }

  /** Says whether this is such a moment, and counts it as one if it is. */
  take({ openRequests, runningSteps, servedRequests = 0 }: Heartbeat, now: number): boolean {
    const { minIntervalMs, maxIntervalMs } = this.#timing;
    const elapsedMs = now - this.#lastAt;
    if (openRequests > 0 || runningSteps.length > 0 || elapsedMs < minIntervalMs) return false;
    if (servedRequests === this.#served && elapsedMs < maxIntervalMs) return false;
    this.#lastAt = now;
    this.#served = servedRequests;
    return true;
  }
}
