import { LeakWindow, type MemoryGrowth, type MemoryPoint } from './leak-window.js';

/** Windows of single points, of 16 points' floors, and of 256 points' floors. */
const LEVELS = 3;
const POINTS_PER_FLOOR = 16;
/** The first requests fill arenas, caches and the heap's young generation: growth that ends. */
const WARM_UP_POINTS = 6;

/** How to look for a leak. */
export interface LeakDetectorOptions {
  /** Growth that counts. */
  readonly growthBytes: number;
  /** Points after the load that do not count. */
  readonly warmUpPoints?: number | undefined;
}

/**
 * Finds a leak of one process's memory from its size at idle points. The same test runs over windows
 * of three lengths: the last 60 points, at most every 10 s, find a quick leak within minutes; floors
 * (the least of 16 points in a row, and of 16 floors) find one of a few megabytes an hour within a
 * day, and have no saw-teeth left. Memory that
 * stays within a band narrower than the threshold never leaks, whatever it does there.
 */
export class LeakDetector {
  readonly #levels: readonly Level[];
  #warmUpPoints: number;

  constructor({ growthBytes, warmUpPoints = WARM_UP_POINTS }: LeakDetectorOptions) {
    this.#warmUpPoints = warmUpPoints;
    this.#levels = Array.from({ length: LEVELS }, () => ({
      window: new LeakWindow(growthBytes),
      run: [],
    }));
  }

  /** The largest suspicious growth; undefined while there is none. */
  get growth(): MemoryGrowth | undefined {
    return this.#levels
      .map(({ window }) => window.growth)
      .filter((growth) => growth !== undefined)
      .toSorted((one, other) => other.growthBytes - one.growthBytes)[0];
  }

  /** Adds what was in use at an idle point. */
  add(point: MemoryPoint): void {
    if (this.#warmUpPoints > 0) this.#warmUpPoints -= 1;
    else this.#add(point, 0);
  }

  #add(point: MemoryPoint, at: number): void {
    const level = this.#levels[at];
    if (!level) return;
    level.window.add(point);
    level.run.push(point);
    if (level.run.length < POINTS_PER_FLOOR) return;
    const bytes = Math.min(...level.run.map((one) => one.bytes));
    level.run.length = 0;
    this.#add({ atMs: point.atMs, bytes }, at + 1);
  }
}

interface Level {
  readonly window: LeakWindow;
  /** Points since the last floor. */
  readonly run: MemoryPoint[];
}
