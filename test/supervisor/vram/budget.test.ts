import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { snapshotOf, gpuOf } from '../../support/scripted-gpus.js';
import {
  budgetOf,
  type GpuRoom,
  leftOf,
  modelsToGo,
  overdraftOf,
  placedBytes,
  type PlacedModel,
} from '../../../src/supervisor/vram/budget.js';
import { Life } from '../../../src/supervisor/vram/life.js';
import { roomOf } from '../../../src/supervisor/vram/room.js';

const GIB = 2 ** 30;
const bytes = fc.integer({ min: 0, max: 2 ** 40 });
const models = fc.array(bytes, { maxLength: 12 });
const RUNS = { seed: 7, numRuns: 500 };

const named = (peaks: readonly number[]): PlacedModel[] =>
  peaks.map((peakBytes, n) => ({ model: `m${n}`, peakBytes }));

/** Places models one after the other as a worker does: whoever does not fit is left out. */
function place(budgetBytes: number, peaks: readonly number[]): PlacedModel[] {
  const placed: PlacedModel[] = [];
  for (const one of named(peaks)) {
    if (one.peakBytes <= leftOf(budgetBytes, placed)) placed.push(one);
  }
  return placed;
}

describe('the budget of a worker', () => {
  it('is kept by models that are let in by what is left, and is never below 0', () => {
    const limits = fc.option(bytes, { nil: undefined });
    const rooms = fc.record({ availableBytes: bytes, neighboursBytes: bytes });
    const workers = fc.integer({ min: 1, max: 8 });
    const property = fc.property(
      limits,
      rooms,
      workers,
      models,
      (limitBytes, room, count, peaks) => {
        const budget = budgetOf({ limitBytes, room, workers: count })!;
        expect(budget).toBeGreaterThanOrEqual(0);
        expect(budget).toBeLessThanOrEqual(limitBytes ?? room.availableBytes);
        const placed = place(budget, peaks);
        expect(placedBytes(placed)).toBeLessThanOrEqual(budget);
        expect(leftOf(budget, placed)).toBe(budget - placedBytes(placed));
        expect(overdraftOf(budget, placed)).toBe(0);
      },
    );
    fc.assert(property, RUNS);
  });

  it('leaves nothing and is overdrawn by the rest where models are placed all the same', () => {
    const property = fc.property(bytes, models, (budget, peaks) => {
      const placed = named(peaks);
      const left = leftOf(budget, placed);
      const over = overdraftOf(budget, placed);
      expect(Math.min(left, over)).toBe(0);
      expect(left - over).toBe(budget - placedBytes(placed));
    });
    fc.assert(property, RUNS);
  });

  it('is a share that workers on one GPU can all have', () => {
    const property = fc.property(
      bytes,
      fc.integer({ min: 1, max: 8 }),
      (availableBytes, workers) => {
        const room: GpuRoom = { availableBytes, neighboursBytes: 0 };
        const budget = budgetOf({ limitBytes: undefined, room, workers })!;
        expect(budget * workers).toBeLessThanOrEqual(availableBytes);
      },
    );
    fc.assert(property, RUNS);
  });

  it('is the limit, or less where the GPU has less that is not promised', () => {
    const room = { availableBytes: 10 * GIB, neighboursBytes: 6 * GIB };
    const limited = (limitBytes: number, given?: GpuRoom): number | undefined =>
      budgetOf({ limitBytes, room: given, workers: 2 });
    expect(limited(3 * GIB, room)).toBe(3 * GIB);
    expect(limited(8 * GIB, room)).toBe(4 * GIB);
    expect(limited(8 * GIB, { availableBytes: GIB, neighboursBytes: 6 * GIB })).toBe(0);
    expect(limited(8 * GIB)).toBe(8 * GIB);
  });

  it('is unknown where nobody set one and nobody can look', () => {
    expect(budgetOf({ limitBytes: undefined, room: undefined, workers: 1 })).toBeUndefined();
  });
});

describe('the models that would have to go', () => {
  const GONE = named([4, 1, 3, 2]);
  const names = (missing: number): string[] | undefined =>
    modelsToGo(missing, GONE)?.map(({ peakBytes }) => String(peakBytes));

  it('are the smallest that is enough alone, else the largest', () => {
    expect(names(2)).toEqual(['2']);
    expect(names(3)).toEqual(['3']);
    expect(names(5)).toEqual(['4', '3']);
    expect(names(10)).toEqual(['4', '3', '2', '1']);
    expect(names(11)).toBeUndefined();
  });

  it('give back enough, and none of them in vain', () => {
    const property = fc.property(models, bytes, (peaks, missing) => {
      const placed = named(peaks);
      const chosen = modelsToGo(missing, placed);
      if (!chosen) {
        expect(placedBytes(placed)).toBeLessThan(missing);
        return;
      }
      expect(placedBytes(chosen)).toBeGreaterThanOrEqual(missing);
      if (chosen.length > 1) expect(placedBytes(chosen.slice(0, -1))).toBeLessThan(missing);
    });
    fc.assert(property, RUNS);
  });
});

describe('the room that a GPU has for us', () => {
  const room = (
    usedBytes: number,
    processes: readonly [number, number][],
    lives: readonly Life[],
  ) => {
    const memory = { totalBytes: 100, usedBytes, freeBytes: 100 - usedBytes, reservedBytes: 0 };
    const listed = processes.map(([pid, memoryBytes]) => ({
      pid,
      memoryBytes,
      utilizationRatio: null,
    }));
    const snapshot = snapshotOf([gpuOf('GPU-0', { memory, processes: listed })]);
    const [own = new Life(), ...neighbours] = lives;
    return roomOf(snapshot, { uuid: 'GPU-0', own, neighbours });
  };

  function lifeOf(pid: number, peakBytes: number, hasLoaded = true): Life {
    const life = new Life();
    life.pid = pid;
    life.place('m', { loadBytes: peakBytes, peakBytes, isEstimated: false });
    if (hasLoaded) life.settled('m', true);
    return life;
  }

  it('is what is free and what our processes have of it', () => {
    expect(
      room(
        60,
        [
          [1, 20],
          [2, 10],
          [9, 30],
        ],
        [lifeOf(1, 25), lifeOf(2, 15)],
      ),
    ).toEqual({
      availableBytes: 70,
      neighboursBytes: 15,
    });
  });

  it('counts what loaded models were measured to take where the driver does not know the process', () => {
    expect(room(60, [[77, 60]], [new Life(), lifeOf(2, 15)])?.availableBytes).toBe(55);
    // One that has not loaded yet has nothing, although it was promised something.
    expect(room(60, [[77, 60]], [new Life(), lifeOf(2, 15, false)])?.availableBytes).toBe(40);
    expect(room(10, [[77, 10]], [new Life(), lifeOf(2, 15)])?.availableBytes).toBe(100);
  });

  it('is unknown where the driver does not tell', () => {
    const snapshot = snapshotOf([gpuOf('GPU-0')]);
    expect(roomOf(snapshot, { uuid: 'GPU-0', own: new Life(), neighbours: [] })).toBeUndefined();
    expect(roomOf(snapshot, { uuid: 'GPU-1', own: new Life(), neighbours: [] })).toBeUndefined();
  });
});
