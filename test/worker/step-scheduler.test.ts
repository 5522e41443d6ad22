import { describe, expect, it } from 'vitest';

import { type StepReplica, StepScheduler } from '../../src/worker/step-scheduler.js';

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

const never = new AbortController().signal;
const first = { signal: never, call: 'a', isFirst: true };
const later = { signal: never, call: 'a', isFirst: false };

describe('StepScheduler', () => {
  it('runs first steps before later ones, and equals in the order in which they came', async () => {
    const replica = new HandReplica();
    const scheduler = new StepScheduler([replica]);
    void scheduler.run('running', later);
    void scheduler.run('later 1', later);
    void scheduler.run('first 1', first);
    void scheduler.run('later 2', later);
    void scheduler.run('first 2', first);
    for (let step = 0; step < 5; step += 1) await replica.finish();
    expect(replica.ran).toEqual(['running', 'first 1', 'first 2', 'later 1', 'later 2']);
  });

  it('keeps every replica busy while there is work', async () => {
    const replicas = [new HandReplica(), new HandReplica()];
    const scheduler = new StepScheduler(replicas);
    for (const step of ['a', 'b', 'c']) void scheduler.run(step, first);
    expect(replicas.map((replica) => replica.ran)).toEqual([['a'], ['b']]);
    await replicas[1]!.finish();
    expect(replicas.map((replica) => replica.ran)).toEqual([['a'], ['b', 'c']]);
  });

  it('never starts a step whose request is gone, and asks a running one to end', async () => {
    const replica = new HandReplica();
    const scheduler = new StepScheduler([replica]);
    const leaving = new AbortController();
    const options = { signal: leaving.signal, call: 'b', isFirst: true };
    const running = scheduler.run('running', options);
    const queued = scheduler.run('queued', options);
    leaving.abort();
    await expect(queued).rejects.toMatchObject({ code: 'canceled' });
    expect(replica.cancels).toBe(1);
    const gone = expect(running).rejects.toMatchObject({ code: 'canceled' });
    await replica.finish();
    await gone;
    await expect(scheduler.run('late', options)).rejects.toMatchObject({ code: 'canceled' });
    expect(replica.ran).toEqual(['running']);
  });
});
