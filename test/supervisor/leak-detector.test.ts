import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LeakDetector } from '../../src/supervisor/leak-detector.js';
import { slopeOf, steadinessDeviation, steadinessOf } from '../../src/supervisor/trend.js';

const MIB = 2 ** 20;
const GROWTH_BYTES = 512 * MIB;
const STEP_MS = 10_000;

/** Feeds a detector; resolves with the points at which it began to suspect. */
function alarmsOf(series: readonly number[], options: { warmUpPoints?: number } = {}): number[] {
  const detector = new LeakDetector({ growthBytes: GROWTH_BYTES, ...options });
  const alarms: number[] = [];
  let stands = false;
  for (const [at, bytes] of series.entries()) {
    detector.add({ atMs: at * STEP_MS, bytes });
    const suspects = detector.growth !== undefined;
    if (suspects && !stands) alarms.push(at);
    stands = suspects;
  }
  return alarms;
}

/** A generator of numbers from 0 to 1 that a seed fixes. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Three hours of work. */
const POINTS = 1_000;
/** Of each kind; with 400 and two seeds none of what is no leak was suspected either. */
const RUNS = 100;
const SEED = 6;

/** Counts series, made of a seed and a size, that are suspected. */
function suspectedOf(
  make: Series,
  scales: { readonly min: number; readonly max: number },
): { suspected: number; runs: number } {
  let [suspected, runs] = [0, 0];
  const scale = fc.double({ ...scales, noNaN: true });
  const property = fc.property(fc.integer(), scale, (seed, size) => {
    const random = randomOf(seed);
    const series = Array.from({ length: POINTS }, (_, at) => make(at, random, size));
    runs += 1;
    suspected += alarmsOf(series).length > 0 ? 1 : 0;
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
  return { suspected, runs };
}

describe('the trend of a series', () => {
  it('is the slope and the order of its pairs', () => {
    expect([slopeOf([1, 3, 5, 7]), steadinessOf([1, 3, 5, 7])]).toEqual([2, 1]);
    expect([slopeOf([4, 4, 4]), steadinessOf([4, 4, 4])]).toEqual([0, 0]);
    expect([slopeOf([3, 2, 1]), steadinessOf([3, 2, 1])]).toEqual([-1, -1]);
  });

  it('is not swayed by outliers', () => {
    const values = Array.from({ length: 60 }, (_, at) => (at % 10 === 5 ? 1e12 : at));
    expect(slopeOf(values)).toBeCloseTo(1, 1);
  });

  it('has the deviation that is known of the order', () => {
    expect(steadinessDeviation(12)).toBeCloseTo(0.221, 3);
  });
});

/** About normal, with a deviation of about 1. */
function noise(random: () => number): number {
  return (random() + random() + random() + random() - 2) * 2;
}

type Series = (at: number, random: () => number, scale: number) => number;

/** Memory that keeps the size of the largest request of so far; large ones are rare. */
function arenaOf(mebibytes: number): Series {
  let largest = 0;
  return (at, random, rarity) => {
    largest = Math.max(at === 0 ? 0 : largest, random() ** rarity);
    return (1_024 + mebibytes * largest) * MIB + noise(random) * 16 * MIB;
  };
}

describe('what is no leak', () => {
  it.each([
    {
      name: 'noise, however strong',
      make: (_: number, random: () => number, scale: number) =>
        8_192 * MIB + noise(random) * scale * MIB,
      scales: { min: 0, max: 1_024 },
    },
    {
      name: 'saw-teeth of the garbage collector, lower than the threshold',
      make: (at: number, random: () => number, scale: number) =>
        1_024 * MIB + 400 * MIB * ((at % Math.ceil(scale)) / scale) + noise(random) * 8 * MIB,
      scales: { min: 2, max: 1_500 },
    },
    {
      name: 'one large request whose memory is kept',
      make: (at: number, random: () => number, scale: number) =>
        1_024 * MIB + (at > scale ? 4_096 * MIB : 0) + noise(random) * 32 * MIB,
      scales: { min: 0, max: POINTS },
    },
    {
      name: 'large requests now and then whose memory is given back',
      make: (_: number, random: () => number, scale: number) =>
        1_024 * MIB + (random() < scale ? random() * 4_096 * MIB : 0) + noise(random) * 32 * MIB,
      scales: { min: 0, max: 0.5 },
    },
    {
      name: 'a warm-up that levels off within a minute, to 4 GiB more',
      make: (at: number, random: () => number, scale: number) =>
        (1_024 + 4_096 * (1 - Math.exp(-at / scale))) * MIB + noise(random) * 32 * MIB,
      scales: { min: 0.1, max: 1.5 },
    },
    {
      name: 'an arena that keeps the largest request of so far, lower than the threshold',
      make: arenaOf(384),
      scales: { min: 1, max: 20 },
    },
  ])('is $name', ({ make, scales }) => {
    const { suspected, runs } = suspectedOf(make, scales);
    expect({ suspected, runs }).toEqual({ suspected: 0, runs: RUNS });
  });
});

describe('what may be taken for a leak', () => {
  it('is an arena that grows in ever rarer leaps to twice the threshold, seldom', () => {
    const { suspected, runs } = suspectedOf(arenaOf(1_024), { min: 1, max: 20 });
    // 10 of 100 are usual, and the suspicion ends by itself.
    expect(suspected).toBeLessThan(runs / 4);
  });
});

describe('a leak', () => {
  it.each([
    // 20 MiB a request: the first window that tells is short.
    { mibPerPoint: 60, noiseMib: 16, within: 24 },
    { mibPerPoint: 10, noiseMib: 64, within: 120 },
    // Through floors: 2 MiB in each 10 s, half a gigabyte in 43 min.
    { mibPerPoint: 2, noiseMib: 64, within: 700 },
    // 90 MiB an hour.
    { mibPerPoint: 0.25, noiseMib: 32, within: 5_000 },
  ])('of $mibPerPoint MiB a point is found', ({ mibPerPoint, noiseMib, within }) => {
    const missed: number[] = [];
    const property = fc.property(fc.integer(), (seed) => {
      const random = randomOf(seed);
      const series = Array.from(
        { length: within },
        (_, at) => (1_024 + at * mibPerPoint + (random() - 0.5) * 2 * noiseMib) * MIB,
      );
      if (alarmsOf(series).length === 0) missed.push(seed);
    });
    fc.assert(property, { numRuns: 20, seed: SEED });
    expect(missed).toEqual([]);
  });

  it('is told once, with its size, and over when it has ended', () => {
    const detector = new LeakDetector({ growthBytes: GROWTH_BYTES, warmUpPoints: 0 });
    const grow = (at: number): number => Math.min(at, 100) * 20 * MIB;
    const series = Array.from({ length: 1_500 }, (_, at) => grow(at));
    expect(alarmsOf(series, { warmUpPoints: 0 })).toHaveLength(1);
    for (const [at, bytes] of series.slice(0, 60).entries()) detector.add({ atMs: at, bytes });
    expect(detector.growth).toEqual({ growthBytes: 59 * 20 * MIB, spanMs: 59 });
    for (const bytes of series.slice(60)) detector.add({ atMs: 0, bytes });
    expect(detector.growth).toBeUndefined();
  });

  it('that ends with the warm-up is none', () => {
    const series = Array.from({ length: 30 }, (_, at) => Math.min(at, 6) * 200 * MIB);
    expect(alarmsOf(series)).toEqual([]);
  });
});
