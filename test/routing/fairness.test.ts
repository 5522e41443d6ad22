import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FairQueue } from '../../src/routing/fair-queue.js';
import { type Item, item, placesBefore, queueOf, serve } from './line.js';

const workMs = fc.integer({ min: 1, max: 20_000 });
const works = fc.array(workMs, { minLength: 50, maxLength: 200 });

describe('clients that always have work waiting', () => {
  it('get equal shares of the predicted work, but for one request', () => {
    const property = fc.property(works, works, (ofAnna, ofBen) => {
      const queue = queueOf(
        ...ofAnna.map((workMs) => item('anna', { workMs })),
        ...ofBen.map((workMs) => item('ben', { workMs })),
      );
      const left = { anna: ofAnna.length, ben: ofBen.length };
      const served = { anna: 0, ben: 0 };
      while (left.anna > 0 && left.ben > 0) {
        const next = serve(queue);
        const client = next.client as 'anna' | 'ben';
        left[client] -= 1;
        served[client] += next.workMs;
        const lead = Math.abs(served.anna - served.ben);
        expect(lead).toBeLessThanOrEqual(Math.max(...ofAnna, ...ofBen));
      }
    });
    fc.assert(property, { seed: 5, numRuns: 200 });
  });

  it('get shares of work, not of requests', () => {
    const long = Array.from({ length: 10 }, () => item('long', { workMs: 1_000 }));
    const short = Array.from({ length: 100 }, () => item('short', { workMs: 100 }));
    const queue = queueOf(...long, ...short);
    const served = Array.from({ length: 55 }, () => serve(queue).client);
    const longs = served.filter((client) => client === 'long').length;
    expect([4, 5, 6]).toContain(longs);
  });

  it('get equal shares however many they are, and keep the order of their own', () => {
    const clients = Array.from({ length: 20 }, (_, n) => `client ${n}`);
    const queue = queueOf(
      ...clients.flatMap((client) => Array.from({ length: 30 }, () => item(client))),
    );
    const served = new Map<string, number>();
    const last = new Map<string, number>();
    for (let round = 1; round <= 30; round += 1) {
      for (let n = 0; n < clients.length; n += 1) {
        const { client, name } = serve(queue);
        served.set(client, (served.get(client) ?? 0) + 1);
        expect(name).toBeGreaterThan(last.get(client) ?? 0);
        last.set(client, name);
      }
      expect([...served.values()]).toEqual(clients.map(() => round));
    }
  });
});

describe('a single request', () => {
  it('waits for no more than a request of a client with 1,000, whenever it comes', () => {
    const whenever = fc.integer({ min: 0, max: 900 });
    const property = fc.property(whenever, workMs, workMs, (after, ofGreedy, ofModest) => {
      const greedy = Array.from({ length: 1_000 }, () => item('greedy', { workMs: ofGreedy }));
      const queue = queueOf(...greedy);
      for (let n = 0; n < after; n += 1) serve(queue);
      const single = item('modest', { workMs: ofModest });
      queue.add(single);
      expect(placesBefore(queue, single)).toBeLessThanOrEqual(1);
    });
    fc.assert(property, { seed: 5, numRuns: 100 });
  });

  it('waits for the work of each other client at most about as long as the longest takes', () => {
    const property = fc.property(fc.array(works, { minLength: 1, maxLength: 4 }), (all) => {
      const queue = queueOf(
        ...all.flatMap((ofOne, n) => ofOne.map((workMs) => item(`client ${n}`, { workMs }))),
      );
      const longest = Math.max(...all.flat());
      for (let n = 0; n < 20; n += 1) serve(queue);
      const single = item('single');
      queue.add(single);
      const before = new Map<string, number>();
      for (let next = serve(queue); next !== single; next = serve(queue)) {
        before.set(next.client, (before.get(next.client) ?? 0) + next.workMs);
      }
      for (const workMs of before.values()) expect(workMs).toBeLessThanOrEqual(3 * longest);
    });
    fc.assert(property, { seed: 5, numRuns: 200 });
  });

  it('is served under an endless flow of clients that were never seen before', () => {
    const property = fc.property(works, fc.integer({ min: 1, max: 50 }), (ofFlow, backlog) => {
      const own = Array.from({ length: 5 }, () => item('waits'));
      const queue = queueOf(...own);
      let n = 0;
      const flow = (): void => {
        n += 1;
        queue.add(item(`fresh ${n}`, { workMs: ofFlow[n % ofFlow.length] ?? 1 }));
      };
      for (let n = 0; n < backlog; n += 1) flow();
      // Every round of all who wait moves the fifth request on by its size, or by a longer one.
      const rounds = 6 * Math.ceil(100 / Math.min(...ofFlow));
      expect(placesBefore(queue, own[4]!, flow)).toBeLessThanOrEqual(rounds * (backlog + 5));
    });
    fc.assert(property, { seed: 5, numRuns: 200 });
  });

  it('is not held up by what its client gave up', () => {
    const greedy = Array.from({ length: 100 }, () => item('greedy'));
    const queue = queueOf(item('other'), item('other'), item('other'), ...greedy);
    for (const one of greedy) queue.remove(one);
    const single = item('greedy');
    queue.add(single);
    expect(placesBefore(queue, single)).toBe(1);
  });

  it('is not held up by what its client gave up while it waited', () => {
    const greedy = Array.from({ length: 100 }, () => item('greedy'));
    const others = Array.from({ length: 200 }, () => item('other'));
    const queue = queueOf(...others, ...greedy);
    const single = greedy.pop()!;
    for (const one of greedy) queue.remove(one);
    const later = item('greedy');
    queue.add(later);
    expect(placesBefore(queue, single)).toBeLessThanOrEqual(2);
    expect(placesBefore(queue, later)).toBeLessThanOrEqual(2);
  });
});

describe('a client that has had much', () => {
  it('starts anew once nobody waits any more', () => {
    const queue = queueOf(...Array.from({ length: 50 }, () => item('greedy')));
    for (let n = 0; n < 50; n += 1) serve(queue);
    const [first, second] = [item('greedy'), item('modest')];
    queue.add(first);
    queue.add(second);
    expect([serve(queue), serve(queue)]).toEqual([first, second]);
  });

  it('stands behind others for it as long as somebody waits, whatever it gives up', () => {
    const queue = queueOf(item('steady', { workMs: 10_000 }), item('steady'));
    const long = item('greedy', { workMs: 20_000 });
    queue.add(long);
    queue.take(long);
    const regretted = item('greedy');
    queue.add(regretted);
    queue.remove(regretted);
    const [first, second] = [item('greedy'), item('modest')];
    queue.add(first);
    queue.add(second);
    const order = Array.from({ length: 4 }, () => serve(queue));
    expect(order.indexOf(second)).toBeLessThan(order.indexOf(first));
  });
});

describe('FairQueue', () => {
  it('keeps the order of each client, and predicts the work before a request as it then comes', () => {
    const client = fc.constantFrom('anna', 'ben', 'cleo');
    const out = fc.constantFrom('take' as const, 'remove' as const);
    const step = fc.oneof({ weight: 2, arbitrary: fc.tuple(client, workMs) }, out);
    const property = fc.property(fc.array(step, { maxLength: 80 }), client, (steps, who) => {
      const queue = new FairQueue<Item>();
      for (const step of steps) {
        const waiting = [...queue];
        if (step === 'take') queue.take(waiting[0] ?? item(who));
        else if (step === 'remove') queue.remove(waiting[waiting.length >> 1] ?? item(who));
        else queue.add(item(step[0], { workMs: step[1] }), ...step);
      }
      const predicted = queue.workBefore(who);
      const last = item(who);
      queue.add(last, who, last.workMs);
      let before = 0;
      for (const one of queue) {
        if (one === last) break;
        before += one.workMs;
      }
      expect(predicted).toBe(before);
      for (const client of ['anna', 'ben', 'cleo']) {
        const own = [...queue].filter((one) => one.client === client).map(({ name }) => name);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    });
    fc.assert(property, { seed: 5, numRuns: 300 });
  });
});
