import { describe, expect, it } from 'vitest';

import {
  ask,
  destination,
  hold,
  never,
  processOf,
  roomOf,
  type Scene,
  speech,
  warmScene,
} from './scene.js';

const a = destination('a', 4);
const b = destination('b', 4);
const ofA = processOf('a');
const ofB = processOf('b');

/** Lets requests on a process fail; those that it still held, and then new ones. */
async function fail({ router }: Scene, target: string, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const asked = await ask(router.acquireAt(target, speech(), never));
    if (!asked.lease) throw new Error(`no place to fail at: ${asked.state}`);
    asked.lease.report('failed');
    asked.lease.release();
  }
}

/** How long a process takes nothing; looks at its room once before, and once after. */
async function expectAbsence(scene: Scene, target: string, ms: number): Promise<void> {
  const leave = new AbortController();
  const waiting = await ask(scene.router.acquireAt(target, speech(), leave.signal));
  await scene.clock.advance(Math.min(ms - 1, 50_000));
  expect(waiting.state).toBe('waits');
  leave.abort();
  const again = await ask(scene.router.acquireAt(target, speech(), never));
  await scene.clock.advance(Math.max(0, ms - 1 - 50_000));
  expect(again.state).toBe('waits');
  await scene.clock.advance(1);
  expect(again.state).toBe('served');
  again.lease?.release();
}

describe('a place that fails', () => {
  it('is left out for a second after three failures in a row', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 2);
    const held = await hold(scene, 2);
    expect(held.map(({ workerId }) => workerId).toSorted()).toEqual(['a', 'b']);
    for (const lease of held) lease.release();
    await fail(scene, ofA, 1);
    expect((await hold(scene, 3)).every(({ workerId }) => workerId === 'b')).toBe(true);
    await expectAbsence(scene, ofA, 1_000);
  });

  it('does not look attractive while it holds nothing', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 3);
    await hold(scene, 4);
    const waiting = await ask(scene.router.acquire(speech(), never));
    expect(waiting.state).toBe('waits');
    await scene.clock.advance(1_000);
    expect(waiting.lease?.workerId).toBe('a');
  });

  it('is cleared by a result', async () => {
    const scene = await warmScene([a, b]);
    for (let n = 0; n < 5; n += 1) {
      await fail(scene, ofA, 2);
      const asked = await ask(scene.router.acquireAt(ofA, speech(), never));
      asked.lease?.report('result');
      asked.lease?.release();
    }
    expect(await roomOf(scene, ofA)).toBe(4);
  });

  it('may hold one lease when it comes back, and more for results alone', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 3);
    await scene.clock.advance(30_000);
    const asked = await ask(scene.router.acquireAt(ofA, speech(), never));
    expect(await roomOf(scene, ofA)).toBe(0);
    asked.lease?.report('result');
    expect(await roomOf(scene, ofA)).toBe(1);
  });

  it('is left out twice as long each time, a minute at most, until it gives a result', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 2);
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await fail(scene, ofA, 1);
      await expectAbsence(scene, ofA, 1_000 * seconds);
    }
    const asked = await ask(scene.router.acquireAt(ofA, speech(), never));
    asked.lease?.report('result');
    asked.lease?.release();
    await fail(scene, ofA, 3);
    await expectAbsence(scene, ofA, 1_000);
  });

  it('is left out once for all that fails with it', async () => {
    const scene = await warmScene([a, b, destination('c', 4)]);
    const held = await hold(scene, 12);
    for (const lease of held) if (lease.workerId === 'a') lease.report('failed');
    for (const lease of held) lease.release();
    await expectAbsence(scene, ofA, 1_000);
    await fail(scene, ofA, 1);
    await expectAbsence(scene, ofA, 2_000);
  });

  it('stays if it is the last, and is not left out longer for it later', async () => {
    const scene = await warmScene([a]);
    await fail(scene, ofA, 7);
    scene.router.add(b);
    await fail(scene, ofA, 1);
    await expectAbsence(scene, ofA, 1_000);
  });

  it('stays while the other is absent', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 3);
    await fail(scene, ofB, 5);
    expect((await ask(scene.router.acquire(speech(), never))).lease?.workerId).toBe('b');
  });

  it('comes back at once when it becomes the last', async () => {
    const scene = await warmScene([a, b]);
    await fail(scene, ofA, 3);
    await hold(scene, 4);
    const waiting = await ask(scene.router.acquire(speech(), never));
    expect(waiting.state).toBe('waits');
    scene.router.remove('b');
    await scene.clock.advance(0);
    expect(waiting.lease?.workerId).toBe('a');
  });
});
