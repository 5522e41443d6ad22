import { describe, expect, it } from 'vitest';

import { chooseForStream, choosePlace } from '../../src/routing/choice.js';
import { Place } from '../../src/routing/place.js';
import { WorkerLoad } from '../../src/routing/worker-load.js';
import { destination } from './scene.js';

interface Holding {
  readonly leases?: number;
  /** Predicted work on the worker. */
  readonly workMs?: number;
  readonly streams?: number;
  readonly capacity?: number;
}

function place(workerId: string, holding: Holding = {}): Place<string> {
  const { leases = 0, workMs = 0, streams = 0, capacity = 100 } = holding;
  const load = new WorkerLoad();
  load.streams = streams;
  if (workMs > 0) load.take(workMs, 0);
  const made = new Place(destination(workerId, capacity), load, false);
  made.grow(capacity);
  for (let n = 0; n < leases; n += 1) made.take('interactive');
  return made;
}

const ask = { class: 'interactive', nowMs: 0, random: () => 0.5 } as const;

function chosen(places: readonly Place<string>[], change: object = {}): string | undefined {
  return choosePlace(places, { ...ask, ...change })?.destination.workerId;
}

describe('the choice of a place', () => {
  it('takes the fewest leases, whatever the work', () => {
    const places = [place('a', { leases: 2 }), place('b', { leases: 1, workMs: 9_000 })];
    expect(chosen(places)).toBe('b');
    expect(chosen(places.toReversed())).toBe('b');
  });

  it('takes the least predicted work among equals', () => {
    const places = [place('a', { leases: 1, workMs: 500 }), place('b', { leases: 1, workMs: 499 })];
    expect(chosen(places)).toBe('b');
    expect(chosen(places.toReversed())).toBe('b');
  });

  it('takes each of those that are equal in all as often as the others', () => {
    const places = ['a', 'b', 'c', 'd'].map((id) => place(id));
    const counts = new Map<string, number>();
    for (let n = 0; n < 24; n += 1) {
      const id = chosen(places, { random: () => n / 24 }) ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({ a: 6, b: 6, c: 6, d: 6 });
  });

  it('passes over places that are full, out or absent', () => {
    const full = place('full', { leases: 1, capacity: 1 });
    const out = place('out');
    out.isOut = true;
    const absent = place('absent');
    absent.absentUntilMs = 10;
    expect(chosen([full, out, absent])).toBeUndefined();
    expect(chosen([full, out, place('busy', { leases: 50 }), absent])).toBe('busy');
    expect(chosen([full, out, absent], { nowMs: 10 })).toBe('absent');
  });

  it('leaves a part of every place to those who listen', () => {
    const one = place('a', { capacity: 4 });
    for (let n = 0; n < 3; n += 1) one.take('bulk');
    expect([chosen([one], { class: 'bulk' }), chosen([one])]).toEqual([undefined, 'a']);
    const small = place('small', { capacity: 1 });
    expect(chosen([small], { class: 'bulk' })).toBe('small');
  });

  it('prefers the worker of the session to a less loaded one, as long as it has room', () => {
    const idle = place('idle');
    const own = place('own', { leases: 5, capacity: 6 });
    expect(chosen([idle, own], { workerId: 'own', cacheKey: 'voice' })).toBe('own');
    own.take('interactive');
    expect(chosen([idle, own], { workerId: 'own' })).toBe('idle');
    expect(chosen([idle, own], { workerId: 'gone' })).toBe('idle');
  });
});

describe('the choice by cache key', () => {
  const keys = Array.from({ length: 2_000 }, (_, n) => `voice-${n}`);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('is the same every time, and spreads the keys over the workers', () => {
    const counts = new Map<string, number>();
    for (const cacheKey of keys) {
      const places = ids.map((id) => place(id));
      const id = chosen(places, { cacheKey }) ?? '';
      expect(chosen(places.toReversed(), { cacheKey })).toBe(id);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(counts.size).toBe(ids.length);
    for (const count of counts.values()) expect(Math.abs(count - 250)).toBeLessThan(100);
  });

  it('moves only the keys of a worker that leaves, and back when it returns', () => {
    const all = ids.map((id) => place(id));
    const before = keys.map((cacheKey) => chosen(all, { cacheKey }));
    const left = all.filter((one) => one.destination.workerId !== 'c');
    for (const [n, cacheKey] of keys.entries()) {
      const after = chosen(left, { cacheKey });
      if (before[n] === 'c') expect(after).not.toBe('c');
      else expect(after).toBe(before[n]);
    }
    const joined = [...left, place('c')];
    expect(keys.map((cacheKey) => chosen(joined, { cacheKey }))).toEqual(before);
  });

  it('lets no place hold more than 1.25 times its share of the leases for a key', () => {
    const places = ids.map((id) => place(id));
    for (let total = 1; total <= 400; total += 1) {
      const one = choosePlace(places, { ...ask, cacheKey: 'everybody wants this voice' });
      one?.take('interactive');
      expect(one?.leases).toBeLessThanOrEqual(Math.ceil((1.25 * total) / ids.length));
    }
    expect(places.reduce((sum, { leases }) => sum + leases, 0)).toBe(400);
  });

  it('holds the key where it is while its worker is hardly busier than the others', () => {
    const places = ids.map((id) => place(id, { leases: 4 }));
    const first = chosen(places, { cacheKey: 'voice' });
    const own = places.find((one) => one.destination.workerId === first);
    own?.take('interactive');
    expect(chosen(places, { cacheKey: 'voice' })).toBe(first);
    own?.take('interactive');
    expect(chosen(places, { cacheKey: 'voice' })).not.toBe(first);
    for (const one of places) one.take('interactive');
    for (const one of places) if (one !== own) one.take('interactive');
    expect(chosen(places, { cacheKey: 'voice' })).toBe(first);
  });

  it('takes the least loaded when the keyed ones are full', () => {
    const full = ids.map((id) => place(id, { leases: 2, capacity: 2 }));
    const free = place('free', { leases: 60 });
    expect(chosen([...full, free], { cacheKey: 'voice' })).toBe('free');
  });
});

describe('the choice for a stream', () => {
  const forStream = (places: readonly Place<string>[], change: object = {}): string | undefined =>
    chooseForStream(places, { nowMs: 0, random: () => 0.5, maxStreams: 3, ...change })?.destination
      .workerId;

  it('takes the fewest streams, then the fewest leases, then the least work', () => {
    const streams = place('streams', { streams: 1 });
    const leases = place('leases', { leases: 1 });
    const work = place('work', { workMs: 10 });
    expect(forStream([streams, leases, work, place('none')])).toBe('none');
    expect(forStream([streams, leases, work])).toBe('work');
    expect(forStream([streams, leases])).toBe('leases');
  });

  it('needs no room for a lease, only for a stream', () => {
    const busy = place('busy', { leases: 1, capacity: 1, streams: 2 });
    expect(forStream([busy])).toBe('busy');
    expect(forStream([place('full', { streams: 3 })])).toBeUndefined();
  });

  it('prefers the worker of the session as long as it has room for a stream', () => {
    const places = [place('idle'), place('own', { streams: 2 })];
    expect(forStream(places, { workerId: 'own' })).toBe('own');
    expect(forStream(places, { workerId: 'own', maxStreams: 2 })).toBe('idle');
  });
});
