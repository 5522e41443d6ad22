import { describe, expect, it } from 'vitest';

import { ModelRoute, type RouteSurroundings } from '../../src/routing/model-route.js';
import { SessionTable } from '../../src/routing/session-table.js';
import { WorkerLoad } from '../../src/routing/worker-load.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  ask,
  coldScene,
  destination,
  hold,
  never,
  processOf,
  roomOf,
  type Scene,
  speech,
} from './scene.js';

const a = destination('a', 8);
const b = destination('b', 8);
const ofA = processOf('a');
const ofB = processOf('b');
const nextOfA = { ...a, target: 'next process of a' };

/** A worker that failed once, was lost and serves with its next process. */
async function scarred(): Promise<Scene> {
  const scene = coldScene([a]);
  const [lease] = await hold(scene, 1);
  lease?.report('failed');
  lease?.release();
  scene.router.remove('a');
  scene.router.lose(ofA);
  scene.router.add(nextOfA);
  return scene;
}

describe('slow start', () => {
  it('doubles what a fresh place may hold every 250 ms, up to its capacity', async () => {
    const scene = coldScene([destination('a', 6)]);
    expect(await roomOf(scene, ofA)).toBe(1);
    await scene.clock.advance(249);
    expect(await roomOf(scene, ofA)).toBe(0);
    await scene.clock.advance(1);
    expect(await roomOf(scene, ofA)).toBe(1);
    await scene.clock.advance(250);
    expect(await roomOf(scene, ofA)).toBe(2);
    await scene.clock.advance(250);
    expect(await roomOf(scene, ofA)).toBe(2);
    await scene.clock.advance(60_000);
    expect(await roomOf(scene, ofA)).toBe(0);
    expect([scene.router.leases, scene.clock.pending]).toEqual([6, 0]);
  });

  it('gives every place its own steps, whenever others were loaded', async () => {
    const scene = coldScene([a]);
    await scene.clock.advance(240);
    scene.router.add(b);
    await scene.clock.advance(10);
    expect(await roomOf(scene, ofB)).toBe(1);
    await scene.clock.advance(239);
    expect(await roomOf(scene, ofB)).toBe(0);
    await scene.clock.advance(1);
    expect(await roomOf(scene, ofB)).toBe(1);
  });

  it('lets a place hold one lease more for the first result of each', async () => {
    const scene = coldScene([a]);
    const [lease] = await hold(scene, 1);
    lease?.report('result');
    const [other] = await hold(scene, 1);
    expect(await roomOf(scene, ofA)).toBe(0);
    lease?.report('done');
    expect(await roomOf(scene, ofA)).toBe(0);
    other?.report('done');
    expect(await roomOf(scene, ofA)).toBe(1);
  });

  it('serves those who wait as soon as a place may hold more', async () => {
    const { router, clock } = coldScene([a]);
    await router.acquire(speech(), never);
    const waiting = [await ask(router.acquire(speech(), never))];
    waiting.push(await ask(router.acquire(speech(), never)));
    await clock.advance(250);
    expect(waiting.map(({ state }) => state)).toEqual(['served', 'waits']);
    waiting[0]?.lease?.report('result');
    await clock.advance(0);
    expect(waiting[1]?.state).toBe('served');
  });
});

describe('a worker whose process before has failed', () => {
  it('gets more than one lease for results alone', async () => {
    const scene = await scarred();
    await scene.clock.advance(60_000);
    const [lease] = await hold(scene, 1);
    expect(await roomOf(scene, nextOfA.target)).toBe(0);
    lease?.report('result');
    expect(await roomOf(scene, nextOfA.target)).toBe(1);
  });

  it('does so even while others are in their slow start', async () => {
    const scene = await scarred();
    const [lease] = await hold(scene, 1);
    lease?.report('result');
    scene.router.add(b);
    await scene.clock.advance(60_000);
    expect(await roomOf(scene, nextOfA.target)).toBe(1);
  });

  it('starts like any other once a result has cleared it', async () => {
    const scene = coldScene([a]);
    const [lease] = await hold(scene, 1);
    lease?.report('failed');
    lease?.report('result');
    lease?.release();
    scene.router.remove('a');
    scene.router.lose(ofA);
    scene.router.add(nextOfA);
    await scene.clock.advance(60_000);
    expect(await roomOf(scene, nextOfA.target)).toBe(8);
  });

  it('is not blamed for what the process before the last did, even if that holds leases', async () => {
    const scene = coldScene([a]);
    const [lease] = await hold(scene, 1);
    lease?.report('failed');
    scene.router.remove('a');
    scene.router.lose(ofA);
    scene.router.add(nextOfA);
    scene.router.remove('a');
    scene.router.lose(nextOfA.target);
    scene.router.add({ ...a, target: 'third process of a' });
    await scene.clock.advance(60_000);
    expect(await roomOf(scene, 'third process of a')).toBe(8);
  });

  it('is known as one that failed even if that is seen only after it was lost', async () => {
    const scene = coldScene([a]);
    const [lease] = await hold(scene, 1);
    scene.router.remove('a');
    scene.router.lose(ofA);
    lease?.report('failed');
    lease?.release();
    scene.router.add(nextOfA);
    await scene.clock.advance(60_000);
    expect(await roomOf(scene, nextOfA.target)).toBe(1);
  });
});

describe('the places of a model', () => {
  const around: RouteSurroundings = {
    queueTimeoutMs: 1_000,
    clock: new ManualClock(),
    random: () => 0,
    sessions: new SessionTable(),
    onRelease: () => {},
  };

  it('are forgotten when their process has ended and nothing is held on them', () => {
    const route = new ModelRoute<string>('joe', 'tts', around);
    const add = (target: string): void => route.rotation.add({ ...a, target }, new WorkerLoad());
    for (let n = 0; n < 1_000; n += 1) {
      add(`process ${n}`);
      const lease = n % 2 === 0 ? route.tryNow(speech()) : undefined;
      route.rotation.remove('a');
      route.lose(`process ${n}`);
      expect(route.rotation.places.length).toBe(lease ? 1 : 0);
      lease?.release();
    }
    expect(route.rotation.places).toEqual([]);
  });
});
