import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LeaseRouter } from '../../src/routing/lease-router.js';
import type { Grant } from '../../src/routing/model-route.js';
import type { Destination } from '../../src/routing/place.js';
import type { PlaceRequest } from '../../src/routing/router.js';

/** Processes are their names here. */
type Lease = Grant<string>;

const never = new AbortController().signal;
const speech: PlaceRequest = {
  service: 'tts',
  model: 'joe',
  class: 'interactive',
  client: 'somebody',
  cost: 1,
};

function destination(workerId: string, capacity: number, model = 'joe'): Destination<string> {
  return { workerId, service: 'tts', model, capacity, target: `process of ${workerId}` };
}

function routerWith(...destinations: Destination<string>[]): LeaseRouter<string> {
  const router = new LeaseRouter<string>({ maxQueue: 4, queueTimeoutMs: 60_000, maxStreams: 4 });
  for (const one of destinations) router.add(one);
  return router;
}

describe('LeaseRouter', () => {
  it('gives each request to the worker with the fewest leases', async () => {
    const router = routerWith(destination('a', 8), destination('b', 8), destination('c', 8));
    const leases: Lease[] = [];
    for (let n = 0; n < 9; n += 1) leases.push(await router.acquire(speech, never));
    const count = (id: string): number => leases.filter((lease) => lease.workerId === id).length;
    expect([count('a'), count('b'), count('c')]).toEqual([3, 3, 3]);
  });

  it('breaks ties by the work that was predicted', async () => {
    const router = routerWith(destination('a', 8), destination('b', 8));
    const long = await router.acquire({ ...speech, cost: 4_000 }, never);
    const short = await router.acquire({ ...speech, cost: 5 }, never);
    const next = await router.acquire(speech, never);
    expect(short.workerId).not.toBe(long.workerId);
    expect(next.workerId).toBe(short.workerId);
  });

  it('binds waiting requests late, in their order, when a place comes free', async () => {
    const router = routerWith(destination('a', 1));
    const first = await router.acquire(speech, never);
    const order: number[] = [];
    const second = router.acquire(speech, never).then((lease) => (order.push(2), lease));
    const third = router.acquire(speech, never).then((lease) => (order.push(3), lease));
    expect(router.queued).toBe(2);
    first.release();
    (await second).release();
    (await third).release();
    expect(order).toEqual([2, 3]);
    expect(router.leases).toBe(0);
  });

  it('does not let a full model hold back another model of the service', async () => {
    const router = routerWith(destination('a', 1), destination('a', 1, 'kokoro'));
    await router.acquire(speech, never);
    void router.acquire(speech, never).catch(() => {});
    const other = await router.acquire({ ...speech, model: 'kokoro' }, never);
    expect(other.model).toBe('kokoro');
  });

  it('releases once, however often it is asked to', async () => {
    const router = routerWith(destination('a', 1));
    const lease = await router.acquire(speech, never);
    lease.release();
    lease.release();
    expect(router.leases).toBe(0);
    await router.acquire(speech, never);
    expect(router.leases).toBe(1);
  });

  it('refuses with queue_full when the queue is full and with queue_timeout when it is slow', async () => {
    const router = new LeaseRouter<string>({ maxQueue: 1, queueTimeoutMs: 1, maxStreams: 4 });
    router.add(destination('a', 1));
    await router.acquire(speech, never);
    const waiting = router.acquire(speech, never);
    await expect(router.acquire(speech, never)).rejects.toMatchObject({ code: 'queue_full' });
    await expect(waiting).rejects.toMatchObject({ code: 'queue_timeout' });
    expect(router.queued).toBe(0);
  });

  it('forgets a waiting request whose client has gone', async () => {
    const router = routerWith(destination('a', 1));
    const lease = await router.acquire(speech, never);
    const abort = new AbortController();
    const waiting = router.acquire(speech, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'canceled' });
    lease.release();
    expect(router.leases).toBe(0);
  });

  it('refuses what nobody serves, and waits for what is being loaded', async () => {
    const router = routerWith();
    await expect(router.acquire(speech, never)).rejects.toMatchObject({ code: 'unavailable' });
    router.expect('a', 'joe', 'tts');
    const waiting = router.acquire(speech, never);
    router.add(destination('a', 1));
    expect((await waiting).workerId).toBe('a');
  });

  it('refuses those who wait for a model that will not come', async () => {
    const router = routerWith();
    router.expect('a', 'joe', 'tts');
    const waiting = router.acquire(speech, never);
    router.giveUp('a', 'joe');
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('counts on where it was when a destination comes back, and anew for a new process', async () => {
    const a = destination('a', 2);
    const router = routerWith(a);
    const held = [await router.acquire(speech, never), await router.acquire(speech, never)];
    router.remove('a');
    expect(router.leases).toBe(2);
    router.expect('a', 'joe', 'tts');
    const waiting = router.acquire(speech, never);
    router.add(a);
    expect(router.queued).toBe(1);
    held[0]!.release();
    held.push(await waiting);
    router.remove('a');
    router.add({ ...a, target: 'its next process' });
    held.push(await router.acquire(speech, never), await router.acquire(speech, never));
    expect(router.leases).toBe(4);
    for (const lease of held) lease.release();
    expect(router.leases).toBe(0);
  });

  it('waits for the leases of one process alone, in rotation or not', async () => {
    const router = routerWith(destination('a', 1), destination('b', 1));
    const held = [await router.acquire(speech, never), await router.acquire(speech, never)];
    router.remove('a');
    const idle = router.idle(60_000, 'process of a');
    held.find((lease) => lease.workerId === 'a')!.release();
    await idle;
    expect(router.leases).toBe(1);
  });

  it('puts who resumes in front, lets them in while it drains, and beyond a full queue', async () => {
    const router = routerWith(destination('a', 1));
    const first = await router.acquire(speech, never);
    const fresh = [1, 2, 3, 4].map(() => router.acquire(speech, never));
    const resumed = router.acquire({ ...speech, resumes: true }, never);
    first.release();
    const lease = await resumed;
    router.drain();
    for (const one of fresh) await expect(one).rejects.toMatchObject({ code: 'draining' });
    const late = router.acquire({ ...speech, resumes: true }, never);
    lease.release();
    (await late).release();
    expect(router.leases).toBe(0);
  });

  it('takes nothing new while it drains and tells when the last lease has ended', async () => {
    const router = routerWith(destination('a', 1));
    const lease = await router.acquire(speech, never);
    const waiting = router.acquire(speech, never);
    router.drain();
    await expect(waiting).rejects.toMatchObject({ code: 'draining' });
    await expect(router.acquire(speech, never)).rejects.toMatchObject({ code: 'draining' });
    const idle = router.idle(60_000);
    lease.release();
    await idle;
  });

  it('never exceeds a capacity and ends at zero, whatever happens in whatever order', async () => {
    const event = fc.constantFrom('acquire', 'release', 'abort', 'lose', 'return');
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
        const router = new LeaseRouter<string>({
          maxQueue: 8,
          queueTimeoutMs: 60_000,
          maxStreams: 4,
        });
        const held: Lease[] = [];
        const aborts: AbortController[] = [];
        router.expect('b', 'joe', 'tts');
        router.add(destination('a', 2));
        for (const what of events) {
          if (what === 'acquire') {
            const abort = new AbortController();
            aborts.push(abort);
            void router.acquire(speech, abort.signal).then(
              (lease) => held.push(lease),
              () => {},
            );
          } else if (what === 'release') held.shift()?.release();
          else if (what === 'abort') aborts.pop()?.abort();
          else if (what === 'lose') router.remove('a');
          else {
            router.remove('a');
            router.add(destination('a', 2));
          }
          await new Promise((resolve) => setImmediate(resolve));
          expect(router.leases).toBe(held.length);
        }
        router.drain();
        for (const lease of held) lease.release();
        expect([router.leases, router.queued]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });
});
