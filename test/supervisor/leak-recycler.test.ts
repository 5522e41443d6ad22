import { beforeEach, describe, expect, it } from 'vitest';

import { LeakRecycler, type Recyclable } from '../../src/supervisor/leak-recycler.js';
import type { ChildState } from '../../src/supervisor/life-cycle.js';

interface Worker extends Recyclable {
  readonly slot: { state: ChildState };
}

describe('recycling of workers that leak', () => {
  let workers: Worker[];
  let recycler: LeakRecycler<Worker>;
  let isRolling = false;
  let finish: (() => void)[];
  let fail: ((reason: Error) => void)[];
  const restarted: string[] = [];
  const ignore = (): void => {};

  beforeEach(() => {
    restarted.length = 0;
    [finish, fail] = [[], []];
    isRolling = false;
    workers = ['a', 'b', 'c'].map((id) => ({ spec: { id }, slot: { state: 'ready' } }));
    recycler = new LeakRecycler({
      workers,
      isRolling: () => isRolling,
      restart: (worker) => {
        restarted.push(worker.spec.id);
        return new Promise((resolve, reject) => {
          finish.push(resolve);
          fail.push(reject);
        });
      },
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
  });

  it('takes one at a time', async () => {
    recycler.offer('a');
    recycler.offer('b');
    expect(restarted).toEqual(['a']);
    finish[0]?.();
    await recycler.idle();
    recycler.offer('b');
    expect(restarted).toEqual(['a', 'b']);
  });

  it('goes on after one that could not be restarted', async () => {
    recycler.offer('a');
    fail[0]?.(new Error('no'));
    await recycler.idle();
    recycler.offer('b');
    expect(restarted).toEqual(['a', 'b']);
  });

  it('waits for a rolling restart, and for others that are on their way', () => {
    isRolling = true;
    recycler.offer('a');
    isRolling = false;
    for (const state of ['starting', 'loading', 'draining', 'crashed'] as const) {
      workers[1]!.slot.state = state;
      recycler.offer('a');
    }
    expect(restarted).toEqual([]);
    // This one will not come back by itself: there is nothing to wait for.
    workers[1]!.slot.state = 'quarantined';
    recycler.offer('a');
    expect(restarted).toEqual(['a']);
  });

  it('leaves alone what does not serve, what is not there, and all once it is stopped', () => {
    workers[0]!.slot.state = 'draining';
    recycler.offer('a');
    recycler.offer('nobody');
    recycler.stop();
    recycler.offer('b');
    expect(restarted).toEqual([]);
  });
});
