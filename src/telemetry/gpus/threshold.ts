/** When something counts as too high, and when that is over. */
export interface ThresholdLimits {
  /** Higher than this begins it. */
  readonly above: number;
  /** Lower than this ends it; between the two nothing changes, so that a wavering value is one. */
  readonly below: number;
  /** It begins only after so long without a value at or under `above`. */
  readonly forMs: number;
}

/** What an observation changed. */
export type Crossing = 'began' | 'ended';

/** Observations that lie further apart than this say nothing of the time between. */
const MAX_GAP_MS = 10_000;

/** Watches one value for being too high, with hysteresis and, if wanted, a waiting time. */
export class Threshold {
  readonly #limits: ThresholdLimits;
  #active = false;
  #highSinceMs: number | undefined;
  #lastMs: number | undefined;

  constructor(limits: ThresholdLimits) {
    this.#limits = limits;
  }

  /** True while it is too high. */
  get active(): boolean {
    return this.#active;
  }

  /** Takes a value in; tells if that was a crossing. A value that is not known changes nothing. */
  observe(value: number | null, atMs: number): Crossing | undefined {
    const sinceMs = this.#highSince(value, atMs);
    if (value === null) return undefined;
    if (this.#active) return value < this.#limits.below ? this.#become(false) : undefined;
    const isLongEnough = sinceMs !== undefined && atMs - sinceMs >= this.#limits.forMs;
    return isLongEnough ? this.#become(true) : undefined;
  }

  /** Since when each observation was too high, without a gap among them. */
  #highSince(value: number | null, atMs: number): number | undefined {
    const gapMs = atMs - (this.#lastMs ?? atMs);
    // The clock may have been set back, too.
    if (gapMs < 0 || gapMs > MAX_GAP_MS) this.#highSinceMs = undefined;
    this.#lastMs = atMs;
    const isHigh = value !== null && value > this.#limits.above;
    this.#highSinceMs = isHigh ? (this.#highSinceMs ?? atMs) : undefined;
    return this.#highSinceMs;
  }

  #become(active: boolean): Crossing {
    this.#active = active;
    return active ? 'began' : 'ended';
  }
}
