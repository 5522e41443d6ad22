import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import { FairQueue } from '../../src/routing/fair-queue.js';
import type { LeaseReport, RouteRequest } from '../../src/routing/model-route.js';
import { settled } from '../support/manual-clock.js';
import {
  Asked,
  ask,
  coldScene,
  destination,
  hold,
  never,
  type Scene,
  speech,
  warmScene,
} from './scene.js';

const MANY = 10_000;
/** So long a name that ten thousand of them would be seen in memory. */
const NAME_BYTES = 4_096;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function freshClient(): string {
  return randomBytes(NAME_BYTES / 2).toString('hex');
}

/** One place that has learned that every unit of cost takes a second; nothing runs. */
async function trainedScene(queueTimeoutMs = 60_000): Promise<Scene> {
  const scene = await warmScene([destination('a', 1)], { queueTimeoutMs, maxQueue: 20_000 });
  for (let cost = 1; cost <= 40; cost += 1) {
    const [lease] = await hold(scene, 1, speech({ cost }));
    await scene.clock.advance(1_000 * cost);
    lease?.report('done');
    lease?.release();
  }
  return scene;
}

describe('a request that would wait in vain', () => {
  it('is refused at once, with the time after which another try may help', async () => {
    const scene = await trainedScene();
    await hold(scene, 1);
    const before = await ask(scene.router.acquire(speech({ cost: 100 }), never));
    expect(before.state).toBe('waits');
    const hopeless = await ask(scene.router.acquire(speech(), never));
    expect(hopeless.state).toBe('queue_full');
    const { retryAfterMs = 0 } = hopeless.error?.details ?? {};
    expect(Math.abs(retryAfterMs - 100_000)).toBeLessThan(10_000);
    expect(scene.router.queued).toBe(1);
  });

  it('is one whose own deadline is nearer than its turn', async () => {
    const scene = await trainedScene();
    await hold(scene, 1);
    await ask(scene.router.acquire(speech({ cost: 20 }), never));
    const in10s = speech({ deadlineAtMs: scene.clock.now() + 10_000 });
    const in40s = speech({ deadlineAtMs: scene.clock.now() + 40_000 });
    expect((await ask(scene.router.acquire(in10s, never))).state).toBe('queue_full');
    expect((await ask(scene.router.acquire(in40s, never))).state).toBe('waits');
  });

  it('is not one of a client whose turn comes before the work of others', async () => {
    const scene = await trainedScene();
    await hold(scene, 1);
    for (let n = 0; n < 10; n += 1) {
      await ask(scene.router.acquire(speech({ client: 'greedy', cost: 10 }), never));
    }
    const greedy = await ask(scene.router.acquire(speech({ client: 'greedy' }), never));
    const modest = await ask(scene.router.acquire(speech({ client: 'modest' }), never));
    const bulk = speech({ client: 'third', class: 'bulk' });
    expect([greedy.state, modest.state]).toEqual(['queue_full', 'waits']);
    expect((await ask(scene.router.acquire(bulk, never))).state).toBe('queue_full');
  });

  it('is not one that had a place before, nor one that finds a place free', async () => {
    const scene = await trainedScene();
    const [held] = await hold(scene, 1);
    await ask(scene.router.acquire(speech({ cost: 100 }), never));
    const resumed = await ask(scene.router.acquire(speech({ resumes: true }), never));
    expect(resumed.state).toBe('waits');
    scene.router.add(destination('b', 4));
    held?.release();
    await scene.clock.advance(1_000);
    expect((await ask(scene.router.acquire(speech(), never))).state).toBe('served');
  });

  it('is measured by all the places that take work', async () => {
    const scene = await trainedScene();
    scene.router.add(destination('b', 1));
    await hold(scene, 2);
    await ask(scene.router.acquire(speech({ cost: 100 }), never));
    expect((await ask(scene.router.acquire(speech(), never))).state).toBe('waits');
    scene.router.remove('b');
    expect((await ask(scene.router.acquire(speech(), never))).state).toBe('queue_full');
  });

  it('is not known before eight requests have taught how long work takes', async () => {
    const scene = await warmScene([destination('a', 1)]);
    for (let n = 0; n < 7; n += 1) {
      const [lease] = await hold(scene, 1, speech({ cost: 10 }));
      await scene.clock.advance(100_000);
      lease?.report('done');
      lease?.release();
    }
    const [lease] = await hold(scene, 1, speech({ cost: 10 }));
    const wait = () => ask(scene.router.acquire(speech({ cost: 10 }), never));
    expect([(await wait()).state, (await wait()).state]).toEqual(['waits', 'waits']);
    await scene.clock.advance(50_000);
    lease?.report('done');
    lease?.release();
    await settled();
    expect([(await wait()).state, (await wait()).state]).toEqual(['waits', 'queue_full']);
  });
});

describe('work teaches how long it takes', () => {
  /** Seconds after which a caller who is refused may try again, with one request of cost 10 waiting. */
  async function learned(teach: (scene: Scene, n: number) => Promise<void>): Promise<number> {
    const scene = await warmScene([destination('a', 4)], { maxQueue: 1 });
    for (let n = 0; n < 20; n += 1) await teach(scene, n);
    const held = await hold(scene, 4, speech({ cost: 0 }));
    await ask(scene.router.acquire(speech({ cost: 10 }), never));
    const refused = await ask(scene.router.acquire(speech(), never));
    for (const lease of held) lease.release();
    return Math.round((refused.error?.details.retryAfterMs ?? 0) / 1_000);
  }

  it('by the share of the place that it had', async () => {
    const shared = await learned(async (scene) => {
      const held = await hold(scene, 4, speech({ cost: 10 }));
      await scene.clock.advance(40_000);
      for (const lease of held) lease.report('done');
      for (const lease of held) lease.release();
    });
    const alone = await learned(async (scene) => {
      const [lease] = await hold(scene, 1, speech({ cost: 10 }));
      await scene.clock.advance(10_000);
      lease?.report('done');
      lease?.release();
    });
    expect(alone).toBeGreaterThan(9);
    expect(shared).toBe(alone);
  });

  it.each<{ what: string; change: Partial<RouteRequest>; report: LeaseReport }>([
    { what: 'was given up', change: {}, report: 'result' },
    { what: 'failed', change: {}, report: 'failed' },
    { what: 'is only the rest of something', change: { isRest: true }, report: 'done' },
    { what: 'had a place before', change: { resumes: true }, report: 'done' },
  ])('unless it $what', async ({ change, report }) => {
    const untaught = await learned(async () => {});
    const taught = await learned(async (scene) => {
      const [lease] = await hold(scene, 1, speech({ cost: 10, ...change }));
      await scene.clock.advance(10_000);
      lease?.report(report);
      lease?.report('result');
      lease?.release();
    });
    expect(taught).toBe(untaught);
  });
});

describe('a storm', () => {
  it('of refused requests leaves nothing behind', { timeout: 300_000 }, async () => {
    const scene = coldScene([destination('a', 1)], { maxQueue: 1 });
    await hold(scene, 1);
    await ask(scene.router.acquire(speech(), never));
    const beforeBytes = heapBytes();
    for (let n = 0; n < MANY; n += 1) {
      const asked = new Asked(scene.router.acquire(speech({ client: freshClient() }), never));
      await Promise.resolve();
      await Promise.resolve();
      expect(asked.state).toBe('queue_full');
    }
    expect(heapBytes() - beforeBytes).toBeLessThan((MANY * NAME_BYTES) / 10);
    expect([scene.router.queued, scene.clock.pending]).toEqual([1, 1]);
  });

  it('of clients that are served or give up leaves no accounts, though others always wait', () => {
    const queue = new FairQueue<number>();
    queue.add(-1, 'steady', 1_000_000_000);
    for (const isTaken of [true, false]) {
      const beforeBytes = heapBytes();
      for (let n = 0; n < MANY; n += 1) {
        queue.add(n, freshClient(), 100);
        if (isTaken) queue.take(n);
        else queue.remove(n);
      }
      expect(heapBytes() - beforeBytes).toBeLessThan((MANY * NAME_BYTES) / 10);
    }
    expect(queue.length).toBe(1);
  });

  it(
    'of aborts ends all that wait, and the work of nobody else',
    { timeout: 300_000 },
    async () => {
      const scene = coldScene([destination('a', 1)], { maxQueue: 20_000 });
      const [held] = await hold(scene, 1);
      const clients = Array.from({ length: MANY }, () => new AbortController());
      const asked = clients.map(({ signal }, n) => {
        const request = speech({ client: `client ${n % 100}` });
        return new Asked(scene.router.acquire(request, signal));
      });
      const other = await ask(scene.router.acquire(speech({ client: 'client 0' }), never));
      expect(scene.router.queued).toBe(MANY + 1);
      for (const client of clients) client.abort();
      await settled();
      expect(asked.every(({ state }) => state === 'canceled')).toBe(true);
      expect([scene.router.queued, scene.clock.pending]).toEqual([1, 1]);
      held?.release();
      await settled();
      expect(other.state).toBe('served');
    },
  );

  it('of time-outs ends all that wait', async () => {
    const scene = coldScene([destination('a', 1)], { maxQueue: 20_000, queueTimeoutMs: 1_000 });
    await hold(scene, 1);
    const asked: Asked[] = [];
    for (let n = 0; n < MANY / 10; n += 1) {
      asked.push(new Asked(scene.router.acquire(speech({ client: `client ${n}` }), never)));
    }
    await scene.clock.advance(1_000);
    expect(asked.every(({ state }) => state === 'queue_timeout')).toBe(true);
    expect([scene.router.queued, scene.clock.pending]).toEqual([0, 0]);
  });
});

describe('a full queue', () => {
  it('refuses nobody who may have a place at once', async () => {
    const scene = await warmScene([destination('a', 4)], { maxQueue: 1 });
    const bulk = speech({ class: 'bulk' });
    await hold(scene, 3, bulk);
    expect((await ask(scene.router.acquire(bulk, never))).state).toBe('waits');
    expect((await ask(scene.router.acquire(bulk, never))).state).toBe('queue_full');
    expect((await ask(scene.router.acquire(speech(), never))).state).toBe('served');
  });
});
