import { describe, expect, it } from 'vitest';

import { BULK_LIMIT, type StepRequest } from '../../src/worker/step-order.js';
import {
  type RunStep,
  type StepOptions,
  type StepReplica,
  StepScheduler,
} from '../../src/worker/step-scheduler.js';
import { ManualClock } from '../support/manual-clock.js';

/** A replica whose steps end when the test says so. */
class HandReplica implements StepReplica {
  readonly ran: unknown[] = [];
  cancels = 0;
  #end: (() => void) | undefined;

  get busy(): boolean {
    return this.#end !== undefined;
  }

  run(step: unknown): Promise<unknown> {
    this.ran.push(step);
    return new Promise((resolve) => {
      this.#end = () => resolve(step);
    });
  }

  cancelRunning(): void {
    this.cancels += 1;
  }

  async finish(): Promise<void> {
    const end = this.#end;
    this.#end = undefined;
    end?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** One that runs steps together too; what it ran together is a list. */
class HandBatchReplica extends HandReplica {
  readonly canceledAt: (number | undefined)[] = [];

  runTogether(steps: readonly unknown[]): Promise<readonly unknown[]> {
    return this.run(steps) as Promise<readonly unknown[]>;
  }

  override cancelRunning(index?: number): void {
    this.canceledAt.push(index);
  }
}

const READER: StepRequest = {
  class: 'interactive',
  isResumed: false,
  playingSinceMs: undefined,
};

interface Opening {
  readonly signal?: AbortSignal;
  readonly request?: Partial<StepRequest>;
}

function open(scheduler: StepScheduler, { signal, request }: Opening = {}): RunStep {
  const never = new AbortController().signal;
  return scheduler.open({
    signal: signal ?? never,
    call: 'a',
    request: { ...READER, ...request },
  });
}

function after(afterSeconds: number): StepOptions {
  return { place: { afterSeconds } };
}

describe('StepScheduler', () => {
  it('runs first steps before later ones, and equals in the order in which they came', async () => {
    const replica = new HandReplica();
    const scheduler = new StepScheduler([replica]);
    const [old, young, youngest] = [open(scheduler), open(scheduler), open(scheduler)];
    void old('running');
    void old('later 1');
    void young('first 1');
    void young('later 2');
    void old('later 3');
    void youngest('first 2');
    for (let step = 0; step < 6; step += 1) await replica.finish();
    const expected = ['running', 'first 1', 'first 2', 'later 1', 'later 2', 'later 3'];
    expect(replica.ran).toEqual(expected);
  });

  it('runs what is due first, by the time at which a replica is free', async () => {
    const replica = new HandReplica();
    const clock = new ManualClock();
    const scheduler = new StepScheduler([replica], {}, () => clock.now());
    const playback = { ...READER, playingSinceMs: undefined as number | undefined };
    const old = scheduler.open({
      signal: new AbortController().signal,
      call: 'b',
      request: playback,
    });
    void old('running', after(0));
    void old('due at 5 s', after(2));
    const silent = open(scheduler);
    void silent('ahead', after(2));
    void silent('first', after(0));
    void open(scheduler, { request: { class: 'bulk' } })('bulk', after(0));
    playback.playingSinceMs = 3_000;
    await clock.advance(2_000);
    await replica.finish();
    await clock.advance(2_000);
    for (let step = 0; step < 4; step += 1) await replica.finish();
    expect(replica.ran).toEqual(['running', 'first', 'due at 5 s', 'ahead', 'bulk']);
  });

  it('makes a step when its turn has come, and runs none where that throws', async () => {
    const replica = new HandReplica();
    const run = open(new StepScheduler([replica]));
    let newest = 'old';
    void run('running');
    void run(() => newest);
    const dropped = run(() => {
      throw new Error('nobody wants it');
    });
    dropped.catch(() => undefined);
    void run('last');
    newest = 'new';
    for (let step = 0; step < 3; step += 1) await replica.finish();
    expect(replica.ran).toEqual(['running', 'new', 'last']);
    await expect(dropped).rejects.toMatchObject({ code: 'internal' });
  });

  it('lets bulk work through while others never cease to wait', async () => {
    const replica = new HandReplica();
    const scheduler = new StepScheduler([replica]);
    const busy = open(scheduler);
    void busy('running');
    void open(scheduler, { request: { class: 'bulk' } })('bulk');
    for (let step = 0; step < BULK_LIMIT; step += 1) {
      void busy('next');
      await replica.finish();
    }
    expect(replica.ran.indexOf('bulk')).toBe(BULK_LIMIT);
  });

  it('keeps every replica busy while there is work', async () => {
    const replicas = [new HandReplica(), new HandReplica()];
    const scheduler = new StepScheduler(replicas);
    const run = open(scheduler, { request: { class: 'bulk' } });
    for (const step of ['a', 'b', 'c']) void run(step, after(99));
    expect(replicas.map((replica) => replica.ran)).toEqual([['a'], ['b']]);
    await replicas[1]!.finish();
    expect(replicas.map((replica) => replica.ran)).toEqual([['a'], ['b', 'c']]);
  });

  it('never starts a step whose request is gone, and asks a running one to end', async () => {
    const replica = new HandReplica();
    const scheduler = new StepScheduler([replica]);
    const leaving = new AbortController();
    const run = open(scheduler, leaving);
    const running = run('running');
    const queued = run('queued');
    leaving.abort();
    await expect(queued).rejects.toMatchObject({ code: 'canceled' });
    expect(replica.cancels).toBe(1);
    const gone = expect(running).rejects.toMatchObject({ code: 'canceled' });
    await replica.finish();
    await gone;
    await expect(run('late')).rejects.toMatchObject({ code: 'canceled' });
    expect(replica.ran).toEqual(['running']);
  });
});

describe('steps that may run together', () => {
  /** Texts of the same first letter join, up to three. */
  const joins = (together: readonly unknown[], next: unknown) =>
    together.length < 3 && [...together, next].every((one) => String(one)[0] === String(next)[0]);

  it('go with the next one when a replica is free, each with its own result', async () => {
    const replica = new HandBatchReplica();
    const scheduler = new StepScheduler([replica], { joins });
    const run = open(scheduler);
    const results = ['a1', 'b1', 'a2', 'b2', 'b3', 'b4'].map((step) => run(step));
    for (let step = 0; step < 4; step += 1) await replica.finish();
    expect(replica.ran).toEqual(['a1', ['b1', 'b2', 'b3'], 'a2', 'b4']);
    expect(await Promise.all(results)).toEqual(['a1', 'b1', 'a2', 'b2', 'b3', 'b4']);
  });

  it('are shared out among all replicas', async () => {
    const replicas = [new HandBatchReplica(), new HandBatchReplica()] as const;
    const scheduler = new StepScheduler(replicas, { joins });
    const run = open(scheduler);
    void run('x');
    void run('y');
    for (const step of ['a1', 'a2', 'a3', 'a4']) void run(step);
    await replicas[0].finish();
    expect(replicas[0].ran.at(-1)).toEqual(['a1', 'a2']);
    await replicas[1].finish();
    expect(replicas[1].ran.at(-1)).toBe('a3');
  });

  it('are canceled one by one, and the others go on', async () => {
    const replica = new HandBatchReplica();
    const scheduler = new StepScheduler([replica], { joins });
    const gone = new AbortController();
    const stays = open(scheduler);
    void stays('x');
    const kept = stays('a1');
    const left = open(scheduler, { signal: gone.signal })('a2');
    const failing = expect(left).rejects.toMatchObject({ code: 'canceled' });
    await replica.finish();
    gone.abort();
    // A request's first step goes before others' later ones.
    expect(replica.canceledAt).toEqual([0]);
    await replica.finish();
    expect(await kept).toBe('a1');
    await failing;
  });
});
