import { describe, expect, it } from 'vitest';

import { BULK_TURN } from '../../src/routing/class-queue.js';
import { item, placesBefore, queueOf, serve } from './line.js';

describe('classes', () => {
  const bulk = { class: 'bulk' } as const;

  it('give bulk work every tenth place while both wait, and all places when nothing else waits', () => {
    const queue = queueOf(
      ...Array.from({ length: 90 }, () => item('listener')),
      ...Array.from({ length: 30 }, () => item('batch', bulk)),
    );
    const served = Array.from({ length: 120 }, () => serve(queue).class);
    const turns = served.flatMap((one, n) => (one === 'bulk' ? [n + 1] : []));
    expect(turns.slice(0, 10)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(turns.slice(10)).toEqual(Array.from({ length: 20 }, (_, n) => 101 + n));
  });

  it('never starve bulk work, however much interactive work keeps coming', () => {
    const bulks = Array.from({ length: 20 }, () => item('batch', bulk));
    const queue = queueOf(...bulks, item('listener'));
    for (const one of bulks) {
      const places = placesBefore(queue, one, () => queue.add(item('listener')));
      expect(places).toBeLessThan(BULK_TURN);
    }
  });

  it('owe bulk work nothing for the time in which none waited', () => {
    const queue = queueOf(...Array.from({ length: 60 }, () => item('listener')));
    for (let n = 0; n < 30; n += 1) serve(queue);
    const one = item('batch', bulk);
    queue.add(one);
    expect(placesBefore(queue, one)).toBe(BULK_TURN - 1);
  });

  it('stand behind what had a place before, whatever its class', () => {
    const resumed = [item('a', { ...bulk, resumes: true }), item('b', { resumes: true })];
    const queue = queueOf(item('listener'), item('batch', bulk), ...resumed);
    expect([serve(queue), serve(queue)]).toEqual(resumed);
  });

  it('count the work before a request: of those in front, of its class and of better ones', () => {
    const queue = queueOf(
      item('a', { workMs: 1, resumes: true }),
      item('b', { workMs: 10 }),
      item('b', { workMs: 20 }),
      item('c', { workMs: 100, ...bulk }),
    );
    expect(queue.workMs).toBe(131);
    expect(queue.workBefore(item('b'))).toBe(31);
    expect(queue.workBefore(item('new'))).toBe(11);
    expect(queue.workBefore(item('new', bulk))).toBe(131);
    expect(queue.length).toBe(4);
  });
});
