import { describe, expect, it } from 'vitest';

import type { Warmable } from '../../src/engines/engine.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { type ColdReplica, warmBuckets, warmUp } from '../../src/worker/warm-up.js';

/** A replica that notes what it is given; steps end in the next turn of the loop, and some fail. */
class NotingReplica implements ColdReplica {
  readonly ran: unknown[] = [];
  readonly provider: string;
  readonly #fails: unknown;
  #isBusy = false;

  constructor(provider = 'cpu', fails?: unknown) {
    this.provider = provider;
    this.#fails = fails;
  }

  async run(step: unknown): Promise<unknown> {
    expect(this.#isBusy).toBe(false);
    this.#isBusy = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.#isBusy = false;
    if (step === this.#fails) throw new ChorusError('out_of_memory', 'There is no room.');
    this.ran.push(step);
    return step;
  }

  runTogether(steps: readonly unknown[]): Promise<readonly unknown[]> {
    return this.run(steps) as Promise<readonly unknown[]>;
  }
}

const MODEL: Warmable = {
  async warmUp({ step }) {
    await Promise.all([step('one'), step(() => 'two')]);
  },
  async warmBuckets({ step, together }) {
    for (const length of [1, 2, 3]) await step(length);
    await together([4, 5]);
    return { frames: [1, 2, 3] };
  },
};

describe('a model that is warmed up', () => {
  it('runs a short request on each replica, one step at a time', async () => {
    const replicas = [new NotingReplica(), new NotingReplica('cuda')];
    await warmUp(MODEL, replicas);
    for (const { ran } of replicas) expect(ran).toEqual(['one', 'two']);
  });

  it('runs its buckets where it is not on the CPU, and tells which', async () => {
    const cpu = new NotingReplica();
    const gpus = [new NotingReplica('cuda'), new NotingReplica('cuda')];
    const runs = await warmBuckets(MODEL, [cpu, ...gpus]);
    expect(cpu.ran).toEqual([]);
    for (const { ran } of gpus) expect(ran).toEqual([1, 2, 3, [4, 5]]);
    expect(runs).toMatchObject({ steps: 8, buckets: { frames: [1, 2, 3] } });
    expect((await warmBuckets(MODEL, [new NotingReplica()])).buckets).toEqual({});
  });

  it('begins nothing more once a replica has failed, and says why', async () => {
    const replicas = [new NotingReplica('cuda'), new NotingReplica('cuda', 2)];
    const long: Warmable = {
      async warmBuckets({ step }) {
        for (let length = 1; length <= 20; length += 1) await step(length);
        return {};
      },
    };
    await expect(warmBuckets(long, replicas)).rejects.toMatchObject({ code: 'out_of_memory' });
    // What the other one had begun by then is ended.
    expect(replicas[0]?.ran.length).toBeLessThan(5);
    expect(replicas[1]?.ran).toEqual([1]);
  });

  it('may have nothing to run', async () => {
    const replica = new NotingReplica('cuda');
    await warmUp({}, [replica]);
    expect(await warmBuckets({}, [replica])).toMatchObject({ steps: 0, buckets: {} });
    expect(replica.ran).toEqual([]);
  });
});
