import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIVE_PLACES } from '../../src/engines/live/ports.js';
import { FILE_PLACES } from '../../src/engines/whisper/run-whisper.js';
import {
  BULK_LIMIT,
  BULK_TURN,
  nextStep,
  passedOverAfter,
  SPARE_MS,
  type StepRequest,
  type WaitingStep,
} from '../../src/worker/step-order.js';

const NOW_MS = 50_000;
const SILENT: StepRequest = { class: 'interactive', isResumed: false, playingSinceMs: undefined };
const BULK: StepRequest = { ...SILENT, class: 'bulk' };

interface Sketch {
  readonly request?: StepRequest;
  /** As in the steps' places; undefined = without a place. */
  readonly after?: number | undefined;
  readonly requestNumber?: number;
  readonly queuedAtMs?: number;
}

function stepOf(number: number, { request = SILENT, after, ...rest }: Sketch = {}): WaitingStep {
  const place = after === undefined ? undefined : { afterSeconds: after };
  return { request, place, number, requestNumber: number, queuedAtMs: number, ...rest };
}

/** Takes all steps as one replica that needs no time would, and gives their numbers. */
function takeAll(steps: readonly WaitingStep[], nowMs = NOW_MS): number[] {
  const waiting = [...steps];
  const taken: number[] = [];
  let passedOver = 0;
  for (;;) {
    const next = nextStep(waiting, { nowMs, passedOver });
    if (!next) return taken;
    waiting.splice(waiting.indexOf(next), 1);
    passedOver = passedOverAfter(next, waiting, passedOver);
    taken.push(next.number);
  }
}

const anyRequest: fc.Arbitrary<StepRequest> = fc.record({
  class: fc.constantFrom('interactive', 'bulk'),
  isResumed: fc.boolean(),
  playingSinceMs: fc.option(fc.integer({ min: 0, max: NOW_MS }), { nil: undefined }),
});

/** Steps of a few requests, in the order in which they came; places are often equal. */
function anySteps(request = anyRequest): fc.Arbitrary<WaitingStep[]> {
  const sketch = fc.record({
    of: fc.nat({ max: 4 }),
    after: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  });
  const requests = fc.array(request, { minLength: 5, maxLength: 5 });
  return fc.tuple(requests, fc.array(sketch, { maxLength: 24 })).map(([requests, sketches]) =>
    sketches.map(({ of, after }, number) => {
      const requestNumber = sketches.findIndex((other) => other.of === of);
      return stepOf(number, { request: requests[of]!, after, requestNumber });
    }),
  );
}

const isAwaited = ({ request, place }: WaitingStep): boolean =>
  request.class === 'interactive' &&
  request.playingSinceMs === undefined &&
  place !== undefined &&
  'afterSeconds' in place &&
  place.afterSeconds === 0;

describe('words that somebody reads along', () => {
  const reading = (number: number, dueInMs: number): WaitingStep => ({
    ...stepOf(number, { requestNumber: number - 1 }),
    place: { dueInMs },
  });

  it('go by when they are due: what is short first, and nobody waits behind newer ones for ever', () => {
    expect(takeAll([reading(5, 400), reading(9, 20), reading(7, 60)])).toEqual([9, 7, 5]);
    // Numbers are the times at which they were queued, too.
    expect(takeAll([reading(5, 400), reading(400, 20), reading(390, 60)])).toEqual([5, 400, 390]);
  });

  it('leave a file its turn: its windows wait for words that came before they did, or little later', () => {
    const queuedAtMs = NOW_MS - 5_000;
    const place = FILE_PLACES.later;
    const late = { ...stepOf(3, { requestNumber: 1, queuedAtMs }), place };
    const live = (number: number, dueInMs: number, afterMs: number): WaitingStep => ({
      ...stepOf(number, { requestNumber: 0, queuedAtMs: queuedAtMs + afterMs }),
      place: { dueInMs },
    });
    const { final, guess } = LIVE_PLACES;
    const sooner = [live(4, final.dueInMs, 1_000), live(2, guess.dueInMs, -1_000)];
    const behind = [live(5, guess.dueInMs, 10), live(6, final.dueInMs, 4_000)];
    expect(takeAll([late, ...behind, ...sooner])).toEqual([4, 2, 3, 5, 6]);
    // Another file's younger window, wherever in that file it is.
    const young = {
      ...stepOf(7, { requestNumber: 6 }),
      place: FILE_PLACES.later,
      queuedAtMs: NOW_MS,
    };
    expect(takeAll([young, late])).toEqual([3, 7]);
  });
});

describe('the order of steps', () => {
  it('is one order, in whatever way the waiting ones are listed, and leaves none behind', () => {
    const shuffled = anySteps().chain((steps) => {
      const all = { minLength: steps.length, maxLength: steps.length };
      return fc.tuple(fc.constant(steps), fc.shuffledSubarray(steps, all));
    });
    const property = fc.property(shuffled, ([steps, others]) => {
      const taken = takeAll(steps);
      expect(takeAll(others)).toEqual(taken);
      expect(taken.toSorted((a, b) => a - b)).toEqual(steps.map(({ number }) => number));
    });
    fc.assert(property, { seed: 7, numRuns: 300 });
  });

  it('does not change for those that stay when others leave', () => {
    const leaving = anySteps().chain((steps) => fc.tuple(fc.constant(steps), fc.subarray(steps)));
    const property = fc.property(leaving, ([steps, staying]) => {
      const state = { nowMs: NOW_MS, passedOver: 0 };
      const next = nextStep(steps, state);
      if (next && staying.includes(next)) expect(nextStep(staying, state)).toBe(next);
    });
    fc.assert(property, { seed: 7, numRuns: 300 });
  });

  it('has those first whose listeners hear nothing, the older before the younger', () => {
    const property = fc.property(anySteps(), (steps) => {
      const fresh = steps.filter((step) => isAwaited(step) && !step.request.isResumed);
      const taken = takeAll(steps);
      const ages = taken.flatMap((number) => fresh.filter((step) => step.number === number));
      const numbers = ages.map(({ requestNumber }) => requestNumber);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    });
    fc.assert(property, { seed: 7, numRuns: 300 });
  });

  it('has a stream’s first window before the beginning of a younger one', () => {
    const front = stepOf(1, { after: 0 });
    const window = stepOf(2, { after: 0, requestNumber: 0 });
    const ahead = stepOf(3, { after: 1, requestNumber: 0 });
    expect(takeAll([front, window, ahead])).toEqual([2, 1, 3]);
  });

  it('has speech that broke off before everything else', () => {
    const resumed = { ...SILENT, isResumed: true };
    const steps = [
      stepOf(0),
      stepOf(1, { after: 0 }),
      stepOf(2, { after: 1, request: { ...SILENT, playingSinceMs: 0 } }),
      stepOf(3, { after: 0, request: resumed }),
      stepOf(4, { after: 9, request: resumed, requestNumber: 3 }),
    ];
    expect(takeAll(steps)).toEqual([3, 0, 1, 2, 4]);
  });

  it('takes a listener who has heard nothing to begin now', () => {
    const playing = { ...SILENT, playingSinceMs: NOW_MS - 1_000 };
    const steps = [
      stepOf(0, { after: 1 }),
      stepOf(1, { after: 1.9, request: playing }),
      stepOf(2, { after: 2.1, request: playing }),
    ];
    expect(takeAll(steps)).toEqual([1, 0, 2]);
  });

  it('is in time for every listener if any order is', () => {
    // Steps of a second each, due whole seconds from now: so many can be in time by the k-th second.
    const dues = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 10 });
    const streams = fc.array(fc.nat({ max: NOW_MS }), { minLength: 10, maxLength: 10 });
    const property = fc.property(dues, streams, (dues, since) => {
      fc.pre(dues.every((due) => dues.filter((other) => other <= due).length <= due));
      const steps = dues.map((due, number) => {
        const request = { ...SILENT, playingSinceMs: since[number]! };
        return stepOf(number, { request, after: (NOW_MS - since[number]!) / 1000 + due });
      });
      const waiting = [...steps];
      for (let second = 0; second < dues.length; second += 1) {
        const next = nextStep(waiting, { nowMs: NOW_MS + second * 1000, passedOver: 0 })!;
        expect(dues[next.number]).toBeGreaterThanOrEqual(second + 1);
        waiting.splice(waiting.indexOf(next), 1);
      }
    });
    fc.assert(property, { seed: 7, numRuns: 500 });
  });

  it('of steps without a place is: first ones, then the others as they came', () => {
    const asked = fc.record({ of: fc.nat({ max: 5 }), taken: fc.nat({ max: 2 }) });
    const property = fc.property(fc.array(asked, { maxLength: 40 }), (script) => {
      const seen = new Map<number, number>();
      const waiting: WaitingStep[] = [];
      const firsts: number[] = [];
      const others: number[] = [];
      for (const [number, { of, taken }] of script.entries()) {
        (seen.has(of) ? others : firsts).push(number);
        seen.set(of, seen.get(of) ?? number);
        waiting.push(stepOf(number, { requestNumber: seen.get(of)!, queuedAtMs: number >> 2 }));
        for (let n = 0; n < taken; n += 1) {
          const next = nextStep(waiting, { nowMs: number, passedOver: 0 });
          expect(next?.number).toBe(firsts.shift() ?? others.shift());
          if (next) waiting.splice(waiting.indexOf(next), 1);
        }
      }
    });
    fc.assert(property, { seed: 7, numRuns: 300 });
  });
});

describe('bulk work', () => {
  const bulkSteps = [
    stepOf(0, { after: 3, request: { ...BULK, playingSinceMs: 0 } }),
    stepOf(1, { after: 0, request: BULK }),
    stepOf(2, { after: 0, request: BULK }),
  ];

  it('comes after all else, its own first windows first', () => {
    const interactive = [stepOf(3, { after: 99 }), stepOf(4, { after: 0 }), stepOf(5)];
    expect(takeAll([...bulkSteps, ...interactive])).toEqual([4, 5, 3, 1, 2, 0]);
  });

  it('is done one request after the other once it has begun', () => {
    const begun = { ...BULK, playingSinceMs: NOW_MS };
    const steps = [
      stepOf(2, { after: 9, request: begun, requestNumber: 0 }),
      stepOf(3, { after: 8, request: begun, requestNumber: 1 }),
      stepOf(4, { after: 10, request: begun, requestNumber: 0 }),
    ];
    expect(takeAll(steps)).toEqual([2, 4, 3]);
  });

  /** Steps that start before the bulk one, if steps of this kind always wait. */
  function passing(interactive: Sketch): number {
    let passedOver = 0;
    for (let started = 0; started < 10 * BULK_LIMIT; started += 1) {
      const waiting = [stepOf(0, { after: 0, request: BULK }), stepOf(started + 1, interactive)];
      const next = nextStep(waiting, { nowMs: NOW_MS, passedOver })!;
      if (next === waiting[0]) return started;
      passedOver = passedOverAfter(next, [waiting[0]!], passedOver);
    }
    return Infinity;
  }

  it('gets every tenth step where listeners have audio to spare, and more rarely where not', () => {
    const playing = { ...SILENT, playingSinceMs: NOW_MS };
    expect(passing({ request: playing, after: SPARE_MS / 1000 })).toBe(BULK_TURN - 1);
    expect(passing({ request: playing, after: SPARE_MS / 1000 - 0.1 })).toBe(BULK_LIMIT - 1);
    expect(passing({ after: 0 })).toBe(BULK_LIMIT - 1);
    expect(passing({})).toBe(BULK_LIMIT - 1);
  });

  it('gets through, whatever else comes', () => {
    const interactive = anyRequest.map((one) => ({ ...one, class: 'interactive' as const }));
    const sketch = fc.record({
      request: interactive,
      after: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
    });
    const property = fc.property(fc.array(sketch, { minLength: 1, maxLength: 9 }), (others) => {
      let waiting = [...bulkSteps];
      let passedOver = 0;
      for (let start = 0; start < bulkSteps.length * BULK_LIMIT; start += 1) {
        const other = stepOf(start + 3, others[start % others.length]);
        const next = nextStep([...waiting, other], { nowMs: NOW_MS, passedOver })!;
        waiting = waiting.filter((step) => step !== next);
        passedOver = passedOverAfter(next, waiting, passedOver);
      }
      expect(waiting).toEqual([]);
    });
    fc.assert(property, { seed: 7, numRuns: 100 });
  });
});
