import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { WorkPredictor } from '../../src/routing/work-predictor.js';

const GUESS = { fixedMs: 50, msPerUnit: 4 };

function trained(work: readonly (readonly [cost: number, ms: number])[]): WorkPredictor {
  const predictor = new WorkPredictor(GUESS);
  for (const [cost, ms] of work) predictor.observe(cost, ms);
  return predictor;
}

/** A line with bends neither in time nor in cost. */
function onLine(costs: readonly number[], fixedMs: number, msPerUnit: number): [number, number][] {
  return costs.map((cost) => [cost, fixedMs + msPerUnit * cost]);
}

describe('WorkPredictor', () => {
  it('guesses until it has seen eight requests', () => {
    const predictor = new WorkPredictor(GUESS);
    for (let n = 0; n < 7; n += 1) predictor.observe(100, 10_000);
    expect([predictor.isTrained, predictor.predictMs(100)]).toEqual([false, 450]);
    predictor.observe(100, 10_000);
    expect([predictor.isTrained, predictor.predictMs(100)]).toEqual([true, 10_000]);
  });

  it('tells a text of 5 characters from one of 4,096, before and after it learns', () => {
    const costs = Array.from({ length: 50 }, (_, n) => 20 + 37 * n);
    for (const one of [new WorkPredictor(GUESS), trained(onLine(costs, 30, 2))]) {
      expect(one.predictMs(4_096)).toBeGreaterThan(50 * one.predictMs(5));
    }
  });

  it('learns any line on which its work lies', () => {
    const whole = fc.integer({ min: 0, max: 200 });
    const property = fc.property(whole, whole, (a, b) => {
      const costs = Array.from({ length: 200 }, (_, n) => 1 + ((n * 389) % 997));
      const one = trained(onLine(costs, a, b));
      for (const cost of [5, 100, 900, 4_096]) {
        const ms = a + b * cost;
        // It holds on to the form of its guess a little.
        expect(Math.abs(one.predictMs(cost) - Math.max(1, ms))).toBeLessThan(0.1 * ms + 60);
      }
    });
    fc.assert(property, { seed: 5, numRuns: 200 });
  });

  it('keeps the form of its guess where all costs are equal, at the speed that it sees', () => {
    const one = trained(onLine(Array<number>(100).fill(100), 0, 9));
    expect(one.predictMs(100)).toBe(900);
    expect(one.predictMs(0)).toBe(100);
    expect(one.predictMs(200)).toBe(1_700);
  });

  it('forgets: what it sees now counts more than what it saw long ago', () => {
    const costs = Array.from({ length: 200 }, (_, n) => 10 + ((n * 31) % 400));
    const slow = onLine(costs, 500, 20);
    const one = trained([...slow, ...onLine(costs, 10, 1)]);
    expect(Math.abs(one.predictMs(400) - 410)).toBeLessThan(0.1 * 8_500);
    const other = trained([...onLine(costs, 10, 1), ...slow]);
    expect(other.predictMs(400)).toBeGreaterThan(0.9 * 8_500);
  });

  it('predicts no less for more, and whole milliseconds from 1 on, whatever it has seen', () => {
    const cost = fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 5_000, noNaN: true }));
    const observation = fc.tuple(cost, fc.double({ min: 0, max: 600_000, noNaN: true }));
    const property = fc.property(fc.array(observation, { maxLength: 60 }), (work) => {
      const one = trained(work);
      let before = 1;
      for (const cost of [0, 1, 5, 80, 900, 4_096]) {
        const ms = one.predictMs(cost);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(before);
        before = ms;
      }
    });
    fc.assert(property, { seed: 5, numRuns: 500 });
  });

  it('gives small work its part of the time where the line would give it none', () => {
    const costs = Array.from({ length: 100 }, (_, n) => 100 + (n % 11) * 10);
    const one = trained(costs.map((cost) => [cost, 10 * (cost - 90)]));
    expect(one.predictMs(10)).toBeGreaterThan(20);
    expect(one.predictMs(150)).toBeGreaterThan(500);
  });

  it('stands work without any cost', () => {
    const one = trained(onLine(Array<number>(20).fill(0), 40, 0));
    expect([one.predictMs(0), one.predictMs(10) >= 40]).toEqual([40, true]);
  });
});
