import { describe, expect, it } from 'vitest';

import { SessionTable } from '../../src/routing/session-table.js';
import {
  ask,
  destination,
  hold,
  never,
  processOf,
  type Scene,
  speech,
  warmScene,
} from './scene.js';

const MINUTE_MS = 60_000;
const session = (change: object = {}) => speech({ session: 's', ...change });

async function workerOf(scene: Scene, change: object = {}): Promise<string | undefined> {
  const asked = await ask(scene.router.acquire(session(change), never));
  asked.lease?.release();
  return asked.lease?.workerId;
}

/** Makes sure that only affinity can lead back to a worker: all others have less to do. */
async function loaded(scene: Scene): Promise<string> {
  const bound = (await workerOf(scene)) ?? '';
  const busy = await ask(scene.router.acquireAt(processOf(bound), speech(), never));
  expect(busy.state).toBe('served');
  return bound;
}

describe('session affinity', () => {
  const abc = (capacity = 4) => ['a', 'b', 'c'].map((id) => destination(id, capacity));

  it('leads back to the worker that served the session, busier than others or not', async () => {
    const scene = await warmScene(abc());
    const bound = await loaded(scene);
    for (let n = 0; n < 5; n += 1) expect(await workerOf(scene)).toBe(bound);
  });

  it('holds for waiting requests too', async () => {
    const scene = await warmScene(abc(1));
    const bound = await workerOf(scene);
    const held = await hold(scene, 3);
    const waiting = await ask(scene.router.acquire(session(), never));
    expect(waiting.state).toBe('waits');
    for (const lease of held) if (lease.workerId !== bound) scene.router.remove(lease.workerId);
    held.find((lease) => lease.workerId === bound)?.release();
    await scene.clock.advance(0);
    expect(waiting.lease?.workerId).toBe(bound);
  });

  it('is bound anew to another worker when its own has no room, and stays there', async () => {
    const scene = await warmScene(abc(2));
    const bound = await loaded(scene);
    const last = await ask(scene.router.acquireAt(processOf(bound), speech(), never));
    const other = await workerOf(scene);
    expect(other).not.toBe(bound);
    last.lease?.release();
    expect(await workerOf(scene)).toBe(other);
  });

  it('is bound anew when its worker is gone', async () => {
    const scene = await warmScene(abc());
    const bound = (await workerOf(scene)) ?? '';
    scene.router.remove(bound);
    scene.router.lose(processOf(bound));
    const other = await workerOf(scene);
    expect(other).not.toBe(bound);
    scene.router.add(destination(bound, 4));
    expect(await workerOf(scene)).toBe(other);
  });

  it('ends ten minutes after its last use', async () => {
    const scene = await warmScene(abc());
    const bound = await loaded(scene);
    await scene.clock.advance(10 * MINUTE_MS - 1);
    expect(await workerOf(scene)).toBe(bound);
    await scene.clock.advance(10 * MINUTE_MS - 1);
    expect(await workerOf(scene)).toBe(bound);
    await scene.clock.advance(10 * MINUTE_MS);
    expect(await workerOf(scene)).not.toBe(bound);
  });

  it('is a matter of one client and one model', async () => {
    const kokoro = ['a', 'b', 'c'].map((id) => destination(id, 4, { model: 'kokoro' }));
    const scene = await warmScene([...abc(), ...kokoro]);
    const bound = await loaded(scene);
    await hold(scene, 1, speech({ model: 'kokoro', cost: 1_000 }));
    expect(await workerOf(scene, { client: 'another' })).not.toBe(bound);
    const held = await hold(scene, 2, speech({ model: 'kokoro' }));
    const other = await workerOf(scene, { model: 'kokoro' });
    held[0]?.release();
    expect(await workerOf(scene, { model: 'kokoro' })).toBe(other);
    expect(await workerOf(scene)).toBe(bound);
  });

  it('holds between a stream and a request', async () => {
    const scene = await warmScene(abc());
    const bound = await loaded(scene);
    expect(scene.router.openStream(session()).workerId).toBe(bound);
    const other = ['a', 'b', 'c'].filter((id) => id !== bound);
    const stream = scene.router.openStream(session({ session: 't' }));
    expect(other).toContain(stream.workerId);
    await ask(scene.router.acquireAt(stream.target, speech(), never));
    expect(await workerOf(scene, { session: 't' })).toBe(stream.workerId);
  });
});

describe('SessionTable', () => {
  it('remembers 50,000 sessions and forgets those that were quiet longest first', () => {
    const table = new SessionTable();
    for (let n = 0; n < 50_000; n += 1) table.bind(`s${n}`, 'a', 0);
    table.bind('s0', 'b', 1);
    table.bind('one more', 'c', 2);
    expect(table.size).toBe(50_000);
    expect(table.find('s0', 2)).toBe('b');
    expect(table.find('s1', 2)).toBeUndefined();
    expect(table.find('s2', 2)).toBe('a');
  });

  it('drops what has expired as others come', () => {
    const table = new SessionTable();
    for (let n = 0; n < 100; n += 1) table.bind(`s${n}`, 'a', n);
    table.bind('fresh', 'a', 10 * MINUTE_MS + 49);
    expect(table.size).toBe(51);
  });
});
