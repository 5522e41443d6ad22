import { slopeOf, steadinessDeviation, steadinessOf } from './trend.js';

const MAX_POINTS = 60;
/** Below, chance looks like a trend. */
const MIN_POINTS = 12;
/**
 * Kendall's tau. One step up in the middle of a window, as a large request leaves it, gives at most
 * 0.55; two that divide it in three give 0.68 but cannot be in both halves at once; a leak whose
 * noise is a fifth of its growth gives 0.8.
 */
const MIN_STEADINESS = 0.6;
/** So many standard deviations above none: in short windows chance alone gives much of a trend. */
const MIN_DEVIATIONS = 4;
/** What grows by less than this share of the threshold does not count as growing any more. */
const STANDING_SHARE = 0.5;

/** Memory at one idle point. */
export interface MemoryPoint {
  readonly atMs: number;
  readonly bytes: number;
}

/** How much memory has grown without end. */
export interface MemoryGrowth {
  readonly growthBytes: number;
  readonly spanMs: number;
}

/**
 * The last points of a process's memory, and whether they look like a leak: their trend is a growth
 * by more than the threshold, steady, and as steady in the newer half, so that it has not levelled
 * off. Points are the axis, not time: between two lies work, and hours without any do not flatten
 * the trend.
 */
export class LeakWindow {
  readonly #growthBytes: number;
  readonly #points: MemoryPoint[] = [];
  #growth: MemoryGrowth | undefined;

  /** @param growthBytes The threshold. */
  constructor(growthBytes: number) {
    this.#growthBytes = growthBytes;
  }

  /** The suspicious growth, while there is one. */
  get growth(): MemoryGrowth | undefined {
    return this.#growth;
  }

  /** Adds the newest point. */
  add(point: MemoryPoint): void {
    this.#points.push(point);
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    if (this.#points.length >= MIN_POINTS) this.#judge();
  }

  #judge(): void {
    const values = Float64Array.from(this.#points, ({ bytes }) => bytes);
    // Once suspected it stands until the growth has ebbed: a warning that flickers helps nobody.
    const isStanding = this.#growth !== undefined;
    const threshold = this.#growthBytes * (isStanding ? STANDING_SHARE : 1);
    if (!isStanding && !risesSteadily(values)) return;
    // A bend has parts that are steeper than the whole.
    const mostBytes = Math.max(...values) - Math.min(...values);
    const growthBytes = Math.min(mostBytes, Math.round(slopeOf(values) * (values.length - 1)));
    const isLeak = growthBytes > threshold;
    this.#growth = isLeak ? { growthBytes, spanMs: this.#spanMs() } : undefined;
  }

  #spanMs(): number {
    return (this.#points.at(-1)?.atMs ?? 0) - (this.#points[0]?.atMs ?? 0);
  }
}

/** Also in its newer half: what levels off does not leak. */
function risesSteadily(values: Float64Array): boolean {
  const { length } = values;
  const byChance = MIN_DEVIATIONS * steadinessDeviation(length);
  if (steadinessOf(values) < Math.max(MIN_STEADINESS, byChance)) return false;
  return steadinessOf(values.subarray(length >> 1)) >= MIN_STEADINESS;
}
