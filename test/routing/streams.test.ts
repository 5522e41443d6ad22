import { describe, expect, it } from 'vitest';

import type { ChorusError } from '../../src/protocol/errors.js';
import type { Destination } from '../../src/routing/place.js';
import { settled } from '../support/manual-clock.js';
import {
  ask,
  coldScene,
  destination,
  hold,
  never,
  processOf,
  type Scene,
  speech,
  warmScene,
} from './scene.js';

const ofA = processOf('a');
const ab = (capacity = 2): Destination<string>[] => [
  destination('a', capacity),
  destination('b', capacity),
];

function refusal(open: () => unknown): string {
  try {
    open();
  } catch (caught) {
    return (caught as ChorusError).code;
  }
  return 'none';
}

describe('a stream', () => {
  it('is placed on the worker with the fewest, and holds no lease', () => {
    const { router } = coldScene(['a', 'b', 'c'].map((id) => destination(id, 1)));
    const streams = Array.from({ length: 9 }, () => router.openStream(speech()));
    const count = (id: string): number => streams.filter((one) => one.workerId === id).length;
    expect([count('a'), count('b'), count('c')]).toEqual([3, 3, 3]);
    expect([router.streams, router.leases]).toEqual([9, 0]);
    for (const one of streams) if (one.workerId === 'b') one.close();
    expect(router.openStream(speech()).workerId).toBe('b');
  });

  it('counts on its worker for all models', () => {
    const kokoro = { model: 'kokoro' };
    const { router } = coldScene([...ab(), destination('a', 1, kokoro)]);
    router.openStream(speech(kokoro));
    expect(router.openStream(speech()).workerId).toBe('b');
  });

  it('finds no room where MAX_STREAMS are open, until one closes; closing twice counts once', () => {
    const { router } = coldScene(ab(), { maxStreams: 2 });
    const streams = [1, 2, 3, 4].map(() => router.openStream(speech()));
    expect(refusal(() => router.openStream(speech()))).toBe('queue_full');
    streams[0]?.close();
    streams[0]?.close();
    expect(router.streams).toBe(3);
    router.openStream(speech());
    expect(refusal(() => router.openStream(speech()))).toBe('queue_full');
  });

  it('is refused where nobody serves its model, and while the router drains', () => {
    const { router } = coldScene([]);
    router.expect('a', 'joe', 'tts');
    expect(refusal(() => router.openStream(speech()))).toBe('unavailable');
    router.add(destination('a', 1));
    router.drain();
    expect(refusal(() => router.openStream(speech()))).toBe('draining');
  });

  it('learns that its process has ended, and only then', async () => {
    const { router } = coldScene(ab());
    const [one, other] = [router.openStream(speech()), router.openStream(speech())];
    router.remove(one.workerId);
    expect(one.lost.aborted).toBe(false);
    router.lose(one.target);
    expect((one.lost.reason as ChorusError).code).toBe('replica_lost');
    expect(other.lost.aborted).toBe(false);
    const late = await ask(router.acquireAt(one.target, speech(), never));
    expect(late.state).toBe('replica_lost');
    one.close();
    expect(router.streams).toBe(1);
  });

  it('ends the wait of its work when its process ends', async () => {
    const scene = await warmScene(ab(1));
    const held = await hold(scene, 2);
    const pinned = await ask(scene.router.acquireAt(ofA, speech(), never));
    const free = await ask(scene.router.acquire(speech(), never));
    scene.router.remove('a');
    scene.router.lose(ofA);
    await settled();
    expect([pinned.state, free.state]).toEqual(['replica_lost', 'waits']);
    for (const lease of held) lease.release();
    await settled();
    expect(free.lease?.workerId).toBe('b');
  });

  it('keeps idle() waiting until it is closed', async () => {
    const { router } = coldScene(ab());
    const stream = router.openStream(speech());
    router.remove(stream.workerId);
    const idle = router.idle(60_000, stream.target);
    stream.close();
    await idle;
    expect(router.streams).toBe(0);
  });
});

describe('a stream, after a worker has failed,', () => {
  it('is placed there alone until a result has come, then as anywhere', async () => {
    const scene = coldScene(ab(4), { maxStreams: 100 });
    const workers = (count: number): string[] =>
      Array.from({ length: count }, () => scene.router.openStream(speech()).workerId).toSorted();
    const lost = await ask(scene.router.acquireAt(ofA, speech(), never));
    lost.lease?.report('failed');
    lost.lease?.release();
    scene.router.remove('a');
    scene.router.lose(ofA);
    scene.router.add({ ...destination('a', 4), target: 'next process of a' });
    expect(workers(5)).toEqual(['a', 'b', 'b', 'b', 'b']);
    const tried = await ask(scene.router.acquireAt('next process of a', speech(), never));
    tried.lease?.report('result');
    expect(workers(3)).toEqual(['a', 'a', 'a']);
  });
});

/** A process that takes nothing new, with one request on it and one that waits for it. */
async function leaving(): Promise<Scene & { readonly waiting: Awaited<ReturnType<typeof ask>> }> {
  const scene = coldScene([destination('a', 1)]);
  const [lease] = await hold(scene, 1);
  const waiting = await ask(scene.router.acquireAt(ofA, speech(), never));
  scene.router.remove('a');
  lease?.release();
  await settled();
  return { ...scene, waiting };
}

describe('a request that belongs to one process', () => {
  it('waits for that process while another is free', async () => {
    const scene = await warmScene(ab(1));
    const held = await hold(scene, 2);
    const pinned = await ask(scene.router.acquireAt(ofA, speech(), never));
    held.find((lease) => lease.workerId === 'b')?.release();
    await settled();
    expect(pinned.state).toBe('waits');
    expect((await ask(scene.router.acquire(speech(), never))).lease?.workerId).toBe('b');
    held.find((lease) => lease.workerId === 'a')?.release();
    await settled();
    expect(pinned.lease?.workerId).toBe('a');
  });

  it('is served by a process that takes nothing new, and while the router drains', async () => {
    const scene = coldScene(ab(1));
    scene.router.remove('a');
    scene.router.drain();
    const rest = speech({ isRest: true });
    const pinned = await ask(scene.router.acquireAt(ofA, rest, never));
    expect(pinned.lease?.workerId).toBe('a');
    const waiting = await ask(scene.router.acquireAt(ofA, rest, never));
    pinned.lease?.release();
    await settled();
    expect(waiting.state).toBe('served');
  });

  it('is counted on a process that takes nothing new', async () => {
    const { router, waiting } = await leaving();
    expect([waiting.state, router.leases]).toEqual(['served', 1]);
    router.add(destination('a', 1));
    expect((await ask(router.acquire(speech(), never))).state).toBe('waits');
    waiting.lease?.release();
    expect([router.leases, router.queued]).toEqual([1, 0]);
  });

  it('is waited for when the process shall end', async () => {
    const { router, waiting } = await leaving();
    let isIdle = false;
    const idle = router.idle(60_000, ofA).then(() => (isIdle = true));
    await settled();
    expect(isIdle).toBe(false);
    waiting.lease?.release();
    await idle;
  });

  it('may wait beyond a full queue, and times out like any other', async () => {
    const scene = coldScene([destination('a', 1)], { maxQueue: 0, queueTimeoutMs: 500 });
    await hold(scene, 1);
    const pinned = await ask(scene.router.acquireAt(ofA, speech(), never));
    expect(pinned.state).toBe('waits');
    await scene.clock.advance(500);
    expect(pinned.state).toBe('queue_timeout');
  });

  it('waits as long as it takes if it is the rest of what was begun', async () => {
    const scene = coldScene([destination('a', 1)], { queueTimeoutMs: 500 });
    const [held] = await hold(scene, 1);
    const rest = speech({ isRest: true, resumes: true });
    const pinned = await ask(scene.router.acquireAt(ofA, rest, never));
    await scene.clock.advance(60_000);
    expect(pinned.state).toBe('waits');
    held?.release();
    await settled();
    expect(pinned.state).toBe('served');
  });

  it('holds back nobody who may have another place', async () => {
    const scene = await warmScene(ab(1), { maxQueue: 1 });
    const held = await hold(scene, 2);
    await ask(scene.router.acquireAt(ofA, speech(), never));
    held.find((lease) => lease.workerId === 'b')?.release();
    expect((await ask(scene.router.acquire(speech(), never))).state).toBe('served');
  });
});
