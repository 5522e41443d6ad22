import { describe, expect, it } from 'vitest';

import { Tries } from '../../src/http/retry.js';
import { ChorusError } from '../../src/protocol/errors.js';

const never = new AbortController().signal;
const lost = new ChorusError('replica_lost', 'Gone.');
const innocent = new ChorusError('replica_lost', 'Gone.', { wasRunning: false });

describe('tries at one and the same thing', () => {
  it('are two, and begin anew when the request has come further', () => {
    const tries = new Tries(() => {});
    expect(tries.mayGoOn(lost, never)).toBe(true);
    expect(tries.mayGoOn(lost, never)).toBe(false);
    tries.reset();
    expect(tries.mayGoOn(lost, never)).toBe(true);
  });

  it('are bounded in all, however far a request comes in between', () => {
    const tries = new Tries(() => {});
    const granted = Array.from({ length: 6 }, () => {
      tries.reset();
      return tries.mayGoOn(lost, never);
    });
    expect(granted).toEqual([true, true, true, false, false, false]);
  });

  it('are not used up by failures that the request had no part in', () => {
    const tries = new Tries(() => {});
    for (let nth = 0; nth < 20; nth += 1) {
      if (nth % 4 === 0) tries.reset();
      expect(tries.mayGoOn(innocent, never)).toBe(true);
    }
  });
});
