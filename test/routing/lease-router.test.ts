import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';

import { settled } from '../support/manual-clock.js';
import { ask, coldScene, destination, hold, never, processOf, speech, warmScene } from './scene.js';

describe('LeaseRouter', () => {
  it('gives each request to the worker with the fewest leases', async () => {
    const scene = await warmScene(['a', 'b', 'c'].map((id) => destination(id, 8)));
    const held = await hold(scene, 9);
    const count = (id: string): number => held.filter((lease) => lease.workerId === id).length;
    expect([count('a'), count('b'), count('c')]).toEqual([3, 3, 3]);
  });

  it('counts the leases of a model, not those of the other models of a worker', async () => {
    const kokoro = { model: 'kokoro' };
    const scene = await warmScene([
      destination('a', 8),
      destination('a', 8, kokoro),
      destination('b', 8),
    ]);
    await hold(scene, 5, speech(kokoro));
    const held = await hold(scene, 4);
    expect(held.map((lease) => lease.workerId).toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('binds waiting requests late, in their order, when a place comes free', async () => {
    const { router } = coldScene([destination('a', 1)]);
    const first = await router.acquire(speech(), never);
    const second = await ask(router.acquire(speech(), never));
    const third = await ask(router.acquire(speech(), never));
    expect(router.queued).toBe(2);
    first.release();
    await settled();
    expect([second.state, third.state]).toEqual(['served', 'waits']);
    second.lease?.release();
    await settled();
    expect(third.state).toBe('served');
    third.lease?.release();
    expect(router.leases).toBe(0);
  });

  it('does not let a full model hold back another model of the service', async () => {
    const { router } = coldScene([destination('a', 1), destination('a', 1, { model: 'kokoro' })]);
    await router.acquire(speech(), never);
    await ask(router.acquire(speech(), never));
    const other = await ask(router.acquire(speech({ model: 'kokoro' }), never));
    expect(other.lease?.model).toBe('kokoro');
  });

  it('releases once, however often it is asked to', async () => {
    const { router } = coldScene([destination('a', 1)]);
    const lease = await router.acquire(speech(), never);
    lease.release();
    lease.release();
    expect(router.leases).toBe(0);
    await router.acquire(speech(), never);
    expect(router.leases).toBe(1);
  });

  it('bounds the queue per service, over all models', async () => {
    const { router } = coldScene(
      [
        destination('a', 1),
        destination('a', 1, { model: 'kokoro' }),
        destination('a', 1, { model: 'whisper', service: 'asr' }),
      ],
      { maxQueue: 1 },
    );
    const other = speech({ model: 'kokoro' });
    const hearing = speech({ model: 'whisper', service: 'asr' });
    for (const request of [speech(), other, hearing]) await router.acquire(request, never);
    expect((await ask(router.acquire(speech(), never))).state).toBe('waits');
    expect((await ask(router.acquire(other, never))).state).toBe('queue_full');
    expect((await ask(router.acquire(hearing, never))).state).toBe('waits');
  });

  it('refuses with queue_timeout exactly when a request has waited that long', async () => {
    const { router, clock } = coldScene([destination('a', 1)], { queueTimeoutMs: 1_000 });
    await router.acquire(speech(), never);
    const waiting = await ask(router.acquire(speech(), never));
    await clock.advance(999);
    expect(waiting.state).toBe('waits');
    await clock.advance(1);
    expect(waiting.state).toBe('queue_timeout');
    expect(waiting.error?.details.retryAfterMs).toBeGreaterThan(0);
    expect(router.queued).toBe(0);
  });

  it('lets go of the timer and of the signal of a request that is served', async () => {
    const { router, clock } = coldScene([destination('a', 1)]);
    const abort = new AbortController();
    const first = await router.acquire(speech(), never);
    const waiting = await ask(router.acquire(speech(), abort.signal));
    expect([clock.pending, getEventListeners(abort.signal, 'abort').length]).toEqual([1, 1]);
    first.release();
    await settled();
    expect([clock.pending, getEventListeners(abort.signal, 'abort').length]).toEqual([0, 0]);
    abort.abort();
    expect([waiting.state, router.leases]).toEqual(['served', 1]);
  });

  it('forgets a waiting request whose client has gone', async () => {
    const { router, clock } = coldScene([destination('a', 1)]);
    const lease = await router.acquire(speech(), never);
    const abort = new AbortController();
    const waiting = await ask(router.acquire(speech(), abort.signal));
    abort.abort();
    await settled();
    expect([waiting.state, router.queued, clock.pending]).toEqual(['canceled', 0, 0]);
    lease.release();
    expect(router.leases).toBe(0);
  });

  it('gives nothing to a client that has gone before it asked', async () => {
    const { router } = coldScene([destination('a', 1)]);
    const gone = AbortSignal.abort();
    expect((await ask(router.acquire(speech(), gone))).state).toBe('canceled');
    expect((await ask(router.acquireAt(processOf('a'), speech(), gone))).state).toBe('canceled');
    expect(router.leases).toBe(0);
  });

  it('refuses what nobody serves, and waits for what is being loaded', async () => {
    const { router } = coldScene([]);
    expect((await ask(router.acquire(speech(), never))).state).toBe('unavailable');
    router.expect('a', 'joe', 'tts');
    const waiting = await ask(router.acquire(speech(), never));
    router.add(destination('a', 1));
    await settled();
    expect(waiting.lease?.workerId).toBe('a');
  });

  it('refuses those who wait for a model that will not come', async () => {
    const { router } = coldScene([]);
    router.expect('a', 'joe', 'tts');
    router.expect('b', 'joe', 'tts');
    const waiting = await ask(router.acquire(speech(), never));
    router.giveUp('a', 'joe');
    await settled();
    expect(waiting.state).toBe('waits');
    router.giveUp('b', 'joe');
    await settled();
    expect(waiting.state).toBe('unavailable');
  });

  it('counts on where it was when a destination comes back, and anew for a new process', async () => {
    const a = destination('a', 2);
    const scene = await warmScene([a]);
    const { router, clock } = scene;
    const held = await hold(scene, 2);
    router.remove('a');
    expect(router.leases).toBe(2);
    router.expect('a', 'joe', 'tts');
    const waiting = await ask(router.acquire(speech(), never));
    router.add(a);
    expect(router.queued).toBe(1);
    held[0]?.release();
    await settled();
    expect(waiting.state).toBe('served');
    router.remove('a');
    router.add({ ...a, target: 'its next process' });
    await clock.advance(1_000);
    const fresh = await hold(scene, 2);
    expect(router.leases).toBe(4);
    for (const lease of [...held, ...fresh, waiting.lease]) lease?.release();
    expect(router.leases).toBe(0);
  });

  it('waits for the leases of one process alone, in rotation or not', async () => {
    const scene = coldScene([destination('a', 1), destination('b', 1)]);
    const held = await hold(scene, 2);
    scene.router.remove('a');
    const idle = scene.router.idle(60_000, processOf('a'));
    held.find((lease) => lease.workerId === 'a')?.release();
    await idle;
    expect(scene.router.leases).toBe(1);
  });

  it('puts who resumes in front, lets them in while it drains, and beyond a full queue', async () => {
    const { router } = coldScene([destination('a', 1)], { maxQueue: 2 });
    const first = await router.acquire(speech(), never);
    const fresh = [
      await ask(router.acquire(speech(), never)),
      await ask(router.acquire(speech(), never)),
    ];
    const resumed = await ask(router.acquire(speech({ resumes: true }), never));
    first.release();
    await settled();
    expect(resumed.state).toBe('served');
    router.drain();
    await settled();
    expect(fresh.map(({ state }) => state)).toEqual(['draining', 'draining']);
    const late = await ask(router.acquire(speech({ resumes: true }), never));
    resumed.lease?.release();
    await settled();
    expect(late.state).toBe('served');
  });

  it('takes nothing new while it drains and tells when the last lease has ended', async () => {
    const { router } = coldScene([destination('a', 1)]);
    const lease = await router.acquire(speech(), never);
    const waiting = await ask(router.acquire(speech(), never));
    router.drain();
    await settled();
    expect(waiting.state).toBe('draining');
    expect((await ask(router.acquire(speech(), never))).state).toBe('draining');
    const idle = router.idle(60_000);
    lease.release();
    await idle;
  });
});

describe('idle', () => {
  it('gives up after its time', async () => {
    const scene = coldScene([destination('a', 1)]);
    await hold(scene, 1);
    await scene.router.idle(1);
    expect(scene.router.leases).toBe(1);
  });

  it('may be waited for by as many as there are workers, without a warning', async () => {
    const scene = coldScene([destination('a', 1)]);
    const [lease] = await hold(scene, 1);
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const idle = Array.from({ length: 50 }, () => scene.router.idle(60_000, processOf('a')));
    lease?.release();
    await Promise.all(idle);
    await settled();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
